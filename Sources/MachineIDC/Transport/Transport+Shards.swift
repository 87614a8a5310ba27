internal import CPlatform
internal import Synchronization

// The calls of a transport are driven by one of their threads, and so use one processor at a time. When more are inside
// than half its connections, it gives some of these away to a shard: a transport beside it, with a driver of its own. Half
// of them it keeps, for callers with groups. A client that is never that busy has no shards.
extension Transport {
    struct Shards: ~Copyable {
        /// How many there may be, and the connections of each.
        let limit: Int
        let width: Int
        /// The connections that are never given away, half of them or a few more.
        let kept: Int
        /// The address of the first. None is ever taken away.
        let first = Atomic<UInt>(0)
        /// The address of the next one of the transport that this is a shard of.
        let next = Atomic<UInt>(0)

        /// None.
        init() { (limit, width, kept) = (0, 0, 0) }

        init(of connections: Int, processors: Int) {
            let spare = connections / 2
            // Few: each reads the certificate authorities for itself, in 20 ms.
            limit = min(processors &- 1, 3, spare)
            width = limit > 0 ? spare / limit : 0
            kept = connections &- limit &* width
        }
    }

    func forEachShard(_ body: (Transport) -> Void) {
        var shard = Transport(address: shared.pointee.shards.first.load(ordering: .acquiring))
        while let current = shard {
            shard = Transport(address: current.shared.pointee.shards.next.load(ordering: .acquiring))
            body(current)
        }
    }

    /// Lets a call with a single transfer in, here or into a shard: where most connections are free, so that no call waits
    /// for its turn while there are as many connections as calls. A group counts as a call, and so does each of its own.
    func enterWhereFree() -> Transport {
        lock()
        defer { unlock() }
        let chosen = mostFree
        chosen.enter()
        return chosen
    }

    /// Locked.
    private var mostFree: Transport {
        var (chosen, most, count) = (self, shared.pointee.shards.kept &- load, 0)
        if most > 0 { return self }
        forEachShard { shard in
            let free = shared.pointee.shards.width &- shard.load
            if free > most { (chosen, most) = (shard, free) }
            count &+= 1
        }
        return most <= 0 && count < shared.pointee.shards.limit ? addShard() ?? chosen : chosen
    }

    /// nil when there can be no other, or not yet: then it goes without.
    @inline(never)
    private func addShard() -> Transport? {
        if calls.pointee.areCancelled { return nil }
        let width = shared.pointee.shards.width
        if !calls.pointee.makesRoom { setWidth(calls.pointee.width &- width) }
        calls.pointee.makesRoom = true
        // Connections that stand beyond that are closed as their transfers end.
        if calls.pointee.mostOpen > calls.pointee.width { return nil }
        calls.pointee.makesRoom = false
        let shard: Transport
        do throws(Failure) {
            shard = try Transport(shardOf: self, width: width)
        } catch {
            error.message.discard()
            setWidth(calls.pointee.width &+ width)
            return nil
        }
        let first = shared.pointee.shards.first.load(ordering: .relaxed)
        shard.shared.pointee.shards.next.store(first, ordering: .relaxed)
        shared.pointee.shards.first.store(UInt(bitPattern: shard.shared), ordering: .releasing)
        return shard
    }

    private func setWidth(_ width: Int) {
        calls.pointee.width = width
        calls.pointee.isWidthNew = true
    }
}
