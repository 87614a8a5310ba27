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
        /// The connections that are never given away.
        let kept: Int
        /// The address of the first. None is ever taken away.
        let first = Atomic<UInt>(0)
        /// The address of the next one of the transport that this is a shard of.
        let next = Atomic<UInt>(0)

        /// None.
        init() { (limit, width, kept) = (0, 0, 0) }

        init(of connections: Int) {
            let spare = connections / 2
            // Few: each reads the certificate authorities for itself, in 20 ms.
            limit = min(Int(platform_processors()) &- 1, 3, spare)
            width = limit > 0 ? spare / limit : 0
            kept = connections &- spare
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
    /// for its turn while there are as many connections as calls.
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

    /// nil when there can be no other: then it goes without.
    @inline(never)
    private func addShard() -> Transport? {
        if calls.pointee.areCancelled { return nil }
        let width = shared.pointee.shards.width
        let shard: Transport
        do throws(Failure) {
            shard = try Transport(shardOf: self, width: width)
        } catch {
            error.message.discard()
            return nil
        }
        calls.pointee.width &-= width
        calls.pointee.isNarrowed = true
        let first = shared.pointee.shards.first.load(ordering: .relaxed)
        shard.shared.pointee.shards.next.store(first, ordering: .relaxed)
        shared.pointee.shards.first.store(UInt(bitPattern: shard.shared), ordering: .releasing)
        return shard
    }
}
