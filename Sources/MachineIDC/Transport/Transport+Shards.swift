internal import CPlatform
internal import Synchronization

// The calls of a transport are driven by one of their threads, and so use one processor at a time. When more are inside
// than half its connections, it gives some of these away to a shard: a transport beside it, with a driver of its own. Half
// of them it keeps, for callers with groups. A client that is never that busy has no shards, and one that is not any more
// takes them back when it has a use for their connections.
extension Transport {
    struct Shards: ~Copyable {
        /// How many there may be, and the connections of each.
        let limit: Int
        let width: Int
        /// The connections that are never given away, half of them or a few more.
        let kept: Int
        /// The address of the first. One is taken away only with the lock of the transport that they are shards of.
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

    /// Lets a call with a single transfer in, here or into a shard. A group counts as a call, and so does each of its own.
    func enterWhereFree(from processor: Int32 = sched_getcpu()) -> Transport {
        lock()
        defer { unlock() }
        let chosen = best(for: Int(processor))
        chosen.enter(isGroups: false)
        return chosen
    }

    /// Where other threads of this processor go: who drives then finds what he needs in its caches, and wakes nobody on
    /// another one. But no call waits for its turn while a connection is free elsewhere, nor for more than one turn longer
    /// than elsewhere, and those of a client that is not busy any more leave the shards empty. Locked.
    private func best(for processor: Int) -> Transport {
        let (limit, width) = (shared.pointee.shards.limit, shared.pointee.shards.width)
        let free = shared.pointee.shards.kept &- load
        if free > 0, load <= shared.pointee.shards.kept / 4 || !hasShards { return self }
        let place = processor.remainderReportingOverflow(dividingBy: limit &+ 1).partialValue
        var (near, nearFree, freest, most, count) = (self, free, self, free, 0)
        forEachShard { shard in
            count &+= 1
            let free = width &- shard.load
            if count == place { (near, nearFree) = (shard, free) }
            if free > most { (freest, most) = (shard, free) }
        }
        if nearFree > 0 { return near }
        if most <= 0, singleLoad >= shared.pointee.shards.kept, count < limit, let shard = addShard() { return shard }
        return most > 0 || most &- nearFree > width ? freest : near
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

    /// How many calls with a single transfer are inside.
    private var singleLoad: Int { load &- shared.pointee.groupLoad.load(ordering: .relaxed) }

    private var hasShards: Bool { shared.pointee.shards.first.load(ordering: .relaxed) != 0 }

    /// Takes a shard that no call is in away from the others, and its connections back, when groups have more to do here than
    /// there are connections for, and nobody else waits. Whoever gets it destroys it, unlocked, before more is begun. Locked.
    func takeIdleShard() -> Transport? {
        guard hasShards || calls.pointee.makesRoom, calls.pointee.queued.first != nil, !hasRoom,
            calls.pointee.queued.last(where: { $0.place.pointee.group == nil }) == nil, !calls.pointee.areCancelled
        else { return nil }
        // One that is not there yet.
        if calls.pointee.makesRoom {
            calls.pointee.makesRoom = false
            setWidth(calls.pointee.width &+ shared.pointee.shards.width)
            return nil
        }
        var before: Transport?
        var shard = Transport(address: shared.pointee.shards.first.load(ordering: .relaxed))
        while let current = shard, current.load > 0 {
            before = current
            shard = Transport(address: current.shared.pointee.shards.next.load(ordering: .relaxed))
        }
        guard let shard else { return nil }
        let next = shard.shared.pointee.shards.next.load(ordering: .relaxed)
        ForkGate.working {
            if let before {
                before.shared.pointee.shards.next.store(next, ordering: .releasing)
            } else {
                shared.pointee.shards.first.store(next, ordering: .releasing)
            }
        }
        // Whoever was the last to leave may still have to let go of it.
        shard.lock()
        shard.unlock()
        setWidth(calls.pointee.width &+ shared.pointee.shards.width)
        return shard
    }

    private func setWidth(_ width: Int) {
        calls.pointee.width = width
        calls.pointee.isWidthNew = true
    }
}
