internal import CPlatform
internal import Synchronization

// The calls of a transport are driven by one of their threads, and so use one processor at a time. When more calls are
// inside than half of its connections, the transport gives some of the connections to a shard: another transport beside
// it, with a driver of its own. It keeps half of them for groups. A client that is never that busy has no shards, and
// one that is no longer busy takes the connections back when it needs them. The gain was measured on two processors
// only.
extension Transport {
    /// The shards of a transport. In a shard itself, only `next` is used.
    struct Shards: ~Copyable {
        /// How many shards there may be, and how many connections each has.
        let limit: Int
        let width: Int
        /// How many connections the transport never gives away: half of them or a few more.
        let reserved: Int
        /// The address of the first shard. Shards are removed only with the lock of the transport that they belong to.
        let first = Atomic<UInt>(0)
        /// In a shard: the address of the next shard of the same transport.
        let next = Atomic<UInt>(0)

        /// No shards.
        init() { (limit, width, reserved) = (0, 0, 0) }

        init(of connections: Int, processors: Int) {
            let spare = connections / 2
            // There are few shards, because each reads the certificate authorities for itself, in 20 ms.
            limit = min(processors &- 1, 3, spare)
            width = limit > 0 ? spare / limit : 0
            reserved = connections &- limit &* width
        }
    }

    /// Calls `body` with each shard. It may destroy the shard.
    func forEachShard(_ body: (Transport) -> Void) {
        var shard = Transport(address: shared.pointee.shards.first.load(ordering: .acquiring))
        while let current = shard {
            shard = Transport(address: current.shared.pointee.shards.next.load(ordering: .acquiring))
            body(current)
        }
    }

    /// Counts a call with a single transfer as inside this transport or one of its shards, and returns which. Groups
    /// always use the transport itself; a group counts as one call, and so does each transfer that is held for it.
    func enterShard(from processor: Int32 = sched_getcpu()) -> Transport {
        lock()
        defer { unlock() }
        let chosen = shard(for: Int(processor))
        chosen.enter(isInGroup: false)
        return chosen
    }

    /// Chooses the transport or shard for a call. It prefers the one that other threads of this processor use: the
    /// driver then finds its data in the cache, and wakes no thread on another processor. But no call waits for its
    /// turn while a connection is free elsewhere, or for more than one turn longer than elsewhere; and once a client is
    /// no longer busy, its calls leave the shards empty. Requires the lock.
    private func shard(for processor: Int) -> Transport {
        let (limit, width) = (shared.pointee.shards.limit, shared.pointee.shards.width)
        let free = shared.pointee.shards.reserved &- callCount
        if free > 0, callCount <= shared.pointee.shards.reserved / 4 || !hasShards { return self }
        let position = processor.remainderReportingOverflow(dividingBy: limit &+ 1).partialValue
        var (near, nearFree, freest, most, count) = (self, free, self, free, 0)
        forEachShard { shard in
            count &+= 1
            let free = width &- shard.callCount
            if count == position { (near, nearFree) = (shard, free) }
            if free > most { (freest, most) = (shard, free) }
        }
        if nearFree > 0 { return near }
        if most <= 0, singleCallCount >= shared.pointee.shards.reserved, count < limit, let shard = addShard() {
            return shard
        }
        return most > 0 || most &- nearFree > width ? freest : near
    }

    /// Makes another shard; nil when that is not possible, or not yet. The call then does without. Requires the lock.
    @inline(never)
    private func addShard() -> Transport? {
        if locked.pointee.isCancelled { return nil }
        let width = shared.pointee.shards.width
        if !locked.pointee.isShrinkingForShard { setWidth(locked.pointee.width &- width) }
        locked.pointee.isShrinkingForShard = true
        // Excess connections are closed as their transfers end; until then there is no room for the shard.
        if locked.pointee.openConnectionsBound > locked.pointee.width { return nil }
        locked.pointee.isShrinkingForShard = false
        let shard: Transport
        do throws(Failure) {
            shard = try Transport(shardOf: self, width: width)
        } catch {
            error.message.destroy()
            setWidth(locked.pointee.width &+ width)
            return nil
        }
        let first = shared.pointee.shards.first.load(ordering: .relaxed)
        shard.shared.pointee.shards.next.store(first, ordering: .relaxed)
        shared.pointee.shards.first.store(UInt(bitPattern: shard.shared), ordering: .releasing)
        return shard
    }

    /// How many calls with a single transfer are inside.
    private var singleCallCount: Int { callCount &- shared.pointee.groupCallCount.load(ordering: .relaxed) }

    private var hasShards: Bool { shared.pointee.shards.first.load(ordering: .relaxed) != 0 }

    /// Removes a shard without calls and takes its connections back, when groups have more to do here than there are
    /// connections and no other call waits. The driver must destroy the shard, with the lock released, before it starts
    /// more transfers. Requires the lock.
    func detachIdleShard() -> Transport? {
        guard hasShards || locked.pointee.isShrinkingForShard, locked.pointee.queued.first != nil, !hasRoom,
            locked.pointee.queued.last(where: { $0.locked.pointee.group == nil }) == nil, !locked.pointee.isCancelled
        else { return nil }
        // A shard that was still to be made is given up.
        if locked.pointee.isShrinkingForShard {
            locked.pointee.isShrinkingForShard = false
            setWidth(locked.pointee.width &+ shared.pointee.shards.width)
            return nil
        }
        var before: Transport?
        var shard = Transport(address: shared.pointee.shards.first.load(ordering: .relaxed))
        while let current = shard, current.callCount > 0 {
            before = current
            shard = Transport(address: current.shared.pointee.shards.next.load(ordering: .relaxed))
        }
        guard let shard else { return nil }
        let next = shard.shared.pointee.shards.next.load(ordering: .relaxed)
        ForkGate.holdingOffFork {
            if let before {
                before.shared.pointee.shards.next.store(next, ordering: .releasing)
            } else {
                shared.pointee.shards.first.store(next, ordering: .releasing)
            }
        }
        // The thread that left the shard last may still hold its lock.
        shard.lock()
        shard.unlock()
        setWidth(locked.pointee.width &+ shared.pointee.shards.width)
        return shard
    }

    /// Sets how many transfers may run at the same time. The driver tells libcurl. Requires the lock.
    private func setWidth(_ width: Int) {
        locked.pointee.width = width
        locked.pointee.mustApplyWidth = true
    }
}
