internal import CCurl
internal import CPlatform
internal import Synchronization

/// The connections of a client in one process, and the callers that use them.
///
/// It has no thread of its own: callers drive. The first caller drives libcurl until its own transfer has ended, and
/// then lets a waiting caller go on. The others queue their transfers, wake the driver when it polls, and wait, each
/// until its own deadline. A caller that leaves while another thread drives abandons its transfer, and the driver
/// clears it away. When there are many callers, some use a shard: see `Transport+Shards.swift`.
///
/// A pointer to shared memory; the client that made it destroys it. The lock is held except while libcurl works or
/// waits, and while a caller is woken. "Requires the lock" means that it must be held.
struct Transport {
    /// The members that never change, or are atomic.
    struct Shared: ~Copyable {
        let lock: Lock
        let multi: Multi
        /// Signalled when the last call has left.
        let drained: Condition
        /// The number of the process that made the transport: see `ForkGeneration`.
        let generation: Int
        /// How many calls are inside.
        let callCount = Atomic<Int>(0)
        /// How many of these are groups or transfers held for groups.
        let groupCallCount = Atomic<Int>(0)
        let shards: Shards
        let locked: Box<Locked>

        @inline(never)
        init(
            _ shards: consuming Shards, width: Int, _ hedging: Hedging, _ statistics: Statistics, generation: Int
        ) throws(Failure) {
            let lock = try Lock(generation: generation)
            let drained = try Condition()
            let multi = try Multi(maxConnections: width, statistics)
            let locked = try Box(Locked(width: width, hedging))
            self.lock = lock
            self.drained = drained
            self.multi = multi
            self.generation = generation
            self.shards = shards
            self.locked = locked
        }
    }

    /// The members that the lock protects.
    struct Locked: ~Copyable {
        /// How many transfers may run in libcurl at the same time, each on a connection of its own.
        var width: Int
        /// Whether libcurl has not been told the new `width` yet.
        var mustApplyWidth = false
        /// Whether `width` was reduced for a shard that is not made yet.
        var isShrinkingForShard = false
        /// An upper bound for the open connections: the largest number of transfers that ran at once, or what the
        /// driver counted.
        var openConnectionsBound = 0
        /// Whether the client was cancelled.
        var isCancelled = false
        /// Whether a caller is driving.
        var hasDriver = false
        /// Whether the driver polls, so that it has to be woken.
        var isDriverPolling = false
        /// The transfers that wait for the driver to start them.
        var queued = LinkedList<Transfer>()
        /// The transfers that are added to libcurl.
        var running = LinkedList<Transfer>()
        /// The transfers that wait for their next attempt.
        var paused = LinkedList<Transfer>()
        /// The transfers of single calls that have ended and whose callers have not been woken yet.
        var toWake = LinkedList<Transfer>()
        /// Whether a transfer has resolved the authority's name.
        var addressIsKnown = false
        /// Set while this transport has recently left a look-up behind: see `Lookups`.
        var lookupsAreSlowUntil: MonotonicTime?
        var hedging: Hedging
        /// How many of the running transfers are hedges.
        var hedgeCount = 0
        /// When a hedge last brought an answer, the connections that had carried no request since this moment were
        /// taken out of use. The kept ones have all carried an answer since then.
        var keptConnectionsAreProvenSince = MonotonicTime.zero
        /// When the driver looks for transfers to hedge again.
        var nextHedgeCheck = MonotonicTime.now
        /// How many of the running transfers have been abandoned by their callers.
        var abandonedCount = 0
        /// The open groups.
        var groups = LinkedList<TransferGroup>()
        /// How many threads have claimed to wake a caller and have not done it yet.
        var wakesInFlight = 0
        /// See `Companion`; nil when there is none.
        var companion: Companion?
        /// The pool of transfers that can be used again.
        var pooled = LinkedList<Transfer>()

        init(width: Int, _ hedging: Hedging) {
            self.width = width
            self.hedging = hedging
        }
    }

    let shared: UnsafeMutablePointer<Shared>

    /// Makes the transport of a client, and initialises libcurl for the first one of the process.
    ///
    /// - Parameters:
    ///   - statistics: where its connections and hedges are counted.
    ///   - generation: the number of this process.
    ///   - processors: how many processors this thread may use; it limits the number of shards.
    init(
        _ settings: borrowing Settings, _ statistics: Statistics, generation: Int,
        processors: Int = Int(platform_processors())
    ) throws(Failure) {
        try CurlLibrary.prepare()
        let shards = Shards(of: settings.maxConnections, processors: processors)
        shared = try allocateShared(
            Shared(
                shards, width: settings.maxConnections, Hedging(timeout: settings.timeout), statistics,
                generation: generation))
    }

    /// Makes a shard of another transport, with `width` connections.
    init(shardOf other: Transport, width: Int) throws(Failure) {
        shared = try allocateShared(
            Shared(
                Shards(), width: width, other.locked.pointee.hedging, other.statistics, generation: other.generation))
    }

    /// The transport at an address that was stored as a number; nil for 0.
    init?(address: UInt) {
        guard let shared = UnsafeMutablePointer<Shared>(bitPattern: address) else { return nil }
        self.shared = shared
    }

    /// Frees the transport and its shards. No call may be inside any more.
    func destroy() {
        forEachShard { $0.destroy() }
        if let companion = locked.pointee.companion { companion.destroyed(companion.context) }
        while let transfer = locked.pointee.pooled.removeLast() { transfer.destroy() }
        destroyShared(shared)
    }

    func lock() { shared.pointee.lock.lock() }
    func unlock() { shared.pointee.lock.unlock() }

    var locked: UnsafeMutablePointer<Locked> { shared.pointee.locked.pointer }

    /// Replaces `destroy` in a forked child: closes the sockets, and leaves libcurl's handles and the lock, which
    /// another thread of the parent may have held, alone for good.
    func closeInherited() {
        shared.pointee.multi.sockets.closeInherited()
        forEachShard { $0.closeInherited() }
    }

    var generation: Int { shared.pointee.generation }

    /// The statistics of the client.
    var statistics: Statistics { shared.pointee.multi.sockets.statistics }

    /// Whether another process, which this one was forked from, made the transport. Nothing of libcurl's may be touched
    /// then, because the parent uses the same connections. A call that a signal handler interrupted to fork also sees
    /// true here, in the child.
    var isInherited: Bool { generation != ForkGeneration.current }

    /// The same, for a look between a call's beginning and its end: it makes no system call where the kernel wipes
    /// pages.
    var isInheritedByNow: Bool { !ForkGeneration.isCurrent(generation) }

    /// The failure for a call that must leave.
    var cancellation: Failure { isInherited ? .forked : .cancelled }

    /// Ends every call inside, and every later one.
    func cancel() {
        lock()
        locked.pointee.isCancelled = true
        shared.pointee.multi.sockets.cancel()
        if let companion = locked.pointee.companion { companion.cancelled(companion.context) }
        locked.pointee.queued.forEach { $0.wakeOwner() }
        locked.pointee.running.forEach {
            $0.exchange.interrupt()
            $0.wakeOwner()
        }
        locked.pointee.paused.forEach { $0.wakeOwner() }
        locked.pointee.toWake.forEach { $0.wakeOwner() }
        locked.pointee.groups.forEach { $0.shared.pointee.sleeper.wake() }
        if locked.pointee.hasDriver { shared.pointee.multi.wake() }
        unlock()
        forEachShard { $0.cancel() }
    }

    /// Lets the companion end what it has under way, until the deadline.
    func closeCompanion(until deadline: MonotonicTime) {
        lock()
        let companion = locked.pointee.companion
        unlock()
        if let companion { companion.closing(companion.context, deadline.remainingMilliseconds) }
    }

    /// Waits until no call is inside, or for the deadline.
    func drain(until deadline: MonotonicTime) {
        lock()
        while callCount > 0, !deadline.hasPassed {
            shared.pointee.drained.wait(shared.pointee.lock, until: deadline)
        }
        unlock()
        forEachShard { $0.drain(until: deadline) }
    }
}

// The pool of transfers: taking one for a call, and returning it.
extension Transport {
    /// How many transfers are kept for a burst of callers.
    private static var maximumPooled: Int { 64 }

    /// Takes a transfer for a call that is inside, from the pool or newly made. When it throws, the call counts as
    /// left.
    @inline(never)
    func takeTransfer(_ settings: borrowing Settings, isInGroup: Bool) throws(Failure) -> Transfer {
        lock()
        let found = locked.pointee.pooled.removeLast()
        unlock()
        if let found { return found }
        do throws(Failure) {
            return try Transfer(settings, sockets: shared.pointee.multi.sockets)
        } catch {
            returnTransfer(nil, isInGroup: isInGroup)
            throw error
        }
    }

    /// Returns a call's transfer, and counts the call as left.
    ///
    /// - Parameter transfer: nil when it was abandoned to the driver.
    @inline(never)
    func returnTransfer(_ transfer: Transfer?, isInGroup: Bool) {
        if isInheritedByNow { return }
        transfer?.exchange.reset()
        lock()
        let excess = transfer.flatMap(pool)
        leave(isInGroup: isInGroup)
        unlock()
        excess?.destroy()
    }

    /// How many calls are inside. The number may be out of date at once.
    var callCount: Int { shared.pointee.callCount.load(ordering: .relaxed) }

    /// Counts one more call as inside.
    ///
    /// - Parameter isInGroup: whether it is a group or a transfer held for one.
    func enter(isInGroup: Bool) {
        if isInGroup { shared.pointee.groupCallCount.wrappingAdd(1, ordering: .relaxed) }
        shared.pointee.callCount.wrappingAdd(1, ordering: .relaxed)
    }

    /// Counts one call as left. Requires the lock, because a thread that waits for the last call may then destroy the
    /// transport.
    func leave(isInGroup: Bool) {
        if isInGroup { shared.pointee.groupCallCount.wrappingSubtract(1, ordering: .relaxed) }
        let left = shared.pointee.callCount.wrappingSubtract(1, ordering: .relaxed).newValue
        if left == 0 { shared.pointee.drained.signal() }
    }

    /// Pools a transfer. Returns one to destroy when the pool is full, unless a wake-up of a caller is in progress. An
    /// unusable transfer is neither pooled nor destroyed. Requires the lock.
    func pool(_ transfer: Transfer) -> Transfer? {
        if transfer.exchange.content.pointee.isUnusable { return nil }
        locked.pointee.pooled.append(transfer)
        if locked.pointee.pooled.count > Transport.maximumPooled, locked.pointee.wakesInFlight == 0 {
            return locked.pointee.pooled.removeFirst()
        }
        return nil
    }
}
