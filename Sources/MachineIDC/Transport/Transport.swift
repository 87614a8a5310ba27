internal import CCurl
internal import CPlatform
internal import Synchronization

/// The connections of a client in one process, and the callers that use them.
///
/// There is no thread here: callers drive. Whoever comes first drives libcurl until his own transfer has ended, and then
/// lets a waiting caller go on. The others queue their transfers, wake the driver when he is idle, and wait, each until
/// his own deadline; a transfer whose caller has left is abandoned, and cleared away by the driver. Where many come at
/// once, some use a shard: see `Transport+Shards.swift`.
///
/// A pointer to shared memory; the client that made it destroys it. Locked, except while libcurl works or waits, and while
/// a caller is called.
struct Transport {
    /// What never changes.
    struct Shared: ~Copyable {
        let lock: Lock
        let multi: Multi
        /// Signalled when the last call has gone.
        let drained: Condition
        /// The process it belongs to.
        let generation: Int
        /// How many calls are inside.
        let load = Atomic<Int>(0)
        /// How many of these are groups, or calls of a group's.
        let groupLoad = Atomic<Int>(0)
        let shards: Shards
        let calls: Box<Calls>
        let guards: Box<Guards>
        /// Signalled when the thread of the guards has nothing more to do.
        let threadLeft: Condition

        init(_ shards: consuming Shards, width: Int, _ hedging: Hedging, generation: Int) throws(Failure) {
            let lock = try Lock(generation: generation)
            let drained = try Condition()
            let multi = try Multi(maxConnections: width)
            let calls = try Box(Calls(width: width, hedging))
            let guards = try Box(Guards())
            let threadLeft = try Condition()
            self.lock = lock
            self.drained = drained
            self.multi = multi
            self.generation = generation
            self.shards = shards
            self.calls = calls
            self.guards = guards
            self.threadLeft = threadLeft
        }
    }

    /// What the lock guards.
    struct Calls: ~Copyable {
        /// How many transfers may be in libcurl's hands, each on a connection of its own.
        var width: Int
        /// Whether libcurl is still to learn of it.
        var isWidthNew = false
        /// Whether it has become less for a shard that is not there yet.
        var makesRoom = false
        /// No more connections than that are open: there were never more transfers at once, or the driver counted.
        var mostOpen = 0
        var areCancelled = false
        var areDriven = false
        /// Whether the driver waits for something to do.
        var isDriverIdle = false
        /// Waiting for the driver to take them on.
        var queued = LinkedList<Transfer>()
        /// In libcurl's hands.
        var running = LinkedList<Transfer>()
        /// Waiting for their next attempt.
        var paused = LinkedList<Transfer>()
        /// Of single calls, whose callers the driver is still to call.
        var ended = LinkedList<Transfer>()
        /// Whether a transfer has found out where the authority is.
        var isNamed = false
        /// Set where a look-up of this transport's was left behind not long ago: see `Lookups`.
        var lookupsAreSlowUntil: Deadline?
        var hedging: Hedging
        /// How many of the running ones are hedges.
        var hedgeCount = 0
        /// When the driver looks around again.
        var nextLook = Deadline.now
        /// Of the running ones, those whose callers have left.
        var abandonedCount = 0
        /// The open ones.
        var groups = LinkedList<TransferGroup>()
        /// How many threads are about to wake the caller of a transfer.
        var callings = 0
        /// Ready to be used again.
        var idle = LinkedList<Transfer>()

        init(width: Int, _ hedging: Hedging) {
            self.width = width
            self.hedging = hedging
        }
    }

    let shared: UnsafeMutablePointer<Shared>

    init(
        _ settings: borrowing Settings, generation: Int, processors: Int = Int(platform_processors())
    ) throws(Failure) {
        try Process.prepareCurl()
        let shards = Shards(of: settings.maxConnections, processors: processors)
        shared = try allocate(
            Shared(
                shards, width: settings.maxConnections, Hedging(timeout: settings.timeout), generation: generation))
    }

    init(shardOf other: Transport, width: Int) throws(Failure) {
        shared = try allocate(Shared(Shards(), width: width, other.calls.pointee.hedging, generation: other.generation))
    }

    /// The transport at an address that was kept as a number; nil for 0.
    init?(address: UInt) {
        guard let shared = UnsafeMutablePointer<Shared>(bitPattern: address) else { return nil }
        self.shared = shared
    }

    /// Only when no call is inside any more.
    func destroy() {
        forEachShard { $0.destroy() }
        detachThread()
        while let transfer = calls.pointee.idle.removeLast() { transfer.destroy() }
        deallocate(shared)
    }

    func lock() { shared.pointee.lock.lock() }
    func unlock() { shared.pointee.lock.unlock() }

    var calls: UnsafeMutablePointer<Calls> { shared.pointee.calls.pointer }

    /// In a forked child, instead of `destroy`: libcurl's handles and the lock, which another thread of the parent may
    /// have held, are left alone for good; only the sockets go.
    func forsake() {
        shared.pointee.multi.sockets.closeInherited()
        forEachShard { $0.forsake() }
    }

    var generation: Int { shared.pointee.generation }

    /// Whether it is that of a process that this one was forked from. Nothing of libcurl's may be touched then: the parent
    /// uses the same connections. Also a call that a handler of a signal has forked in two finds it so, in the child.
    var isInherited: Bool { generation != ForkGeneration.current }

    /// Why a call must leave.
    var cancellation: Failure { isInherited ? .forked : .cancelled }

    /// Ends every call inside and every one to come.
    func cancel() {
        lock()
        calls.pointee.areCancelled = true
        endGuards()
        calls.pointee.queued.forEach { $0.wake() }
        calls.pointee.running.forEach {
            $0.exchange.cutShort()
            $0.wake()
        }
        calls.pointee.paused.forEach { $0.wake() }
        calls.pointee.ended.forEach { $0.wake() }
        calls.pointee.groups.forEach { $0.shared.pointee.caller.wake() }
        if calls.pointee.areDriven { shared.pointee.multi.wakeUp() }
        unlock()
        forEachShard { $0.cancel() }
    }

    /// Waits until no call is inside, or for the deadline.
    func drain(until deadline: Deadline) {
        lock()
        while load > 0, !deadline.hasPassed {
            shared.pointee.drained.wait(shared.pointee.lock, until: deadline)
        }
        unlock()
        forEachShard { $0.drain(until: deadline) }
    }
}

// The transfers of calls: taken from the idle ones or made, and given back.
extension Transport {
    /// As many as are worth keeping for a burst of callers.
    private static var maximumIdle: Int { 64 }

    /// For a call that is inside; one that fails has left.
    @inline(never)
    func begin(_ settings: borrowing Settings, isGroups: Bool) throws(Failure) -> Transfer {
        lock()
        let found = calls.pointee.idle.removeLast()
        unlock()
        if let found { return found }
        do throws(Failure) {
            return try Transfer(settings, sockets: shared.pointee.multi.sockets)
        } catch {
            end(nil, isGroups: isGroups)
            throw error
        }
    }

    /// - Parameter transfer: nil when it was abandoned to the driver.
    @inline(never)
    func end(_ transfer: Transfer?, isGroups: Bool) {
        if isInherited { return }
        transfer?.exchange.recycle()
        lock()
        let surplus = transfer.flatMap(keep)
        leave(isGroups: isGroups)
        unlock()
        surplus?.destroy()
    }

    /// How many calls are inside, a moment ago.
    var load: Int { shared.pointee.load.load(ordering: .relaxed) }

    /// One call more is inside: a group, or a call of a group's, or one by itself.
    func enter(isGroups: Bool) {
        if isGroups { shared.pointee.groupLoad.wrappingAdd(1, ordering: .relaxed) }
        shared.pointee.load.wrappingAdd(1, ordering: .relaxed)
    }

    /// One call less is inside. Locked: who waits for the last one may destroy the transport.
    func leave(isGroups: Bool) {
        if isGroups { shared.pointee.groupLoad.wrappingSubtract(1, ordering: .relaxed) }
        if shared.pointee.load.wrappingSubtract(1, ordering: .relaxed).newValue == 0 { shared.pointee.drained.signal() }
    }

    /// Puts a transfer among the idle ones; returns one that is too many, and whose caller nobody is about to wake. One that
    /// is lost stays where it is for good. Locked.
    func keep(_ transfer: Transfer) -> Transfer? {
        if transfer.exchange.content.pointee.isLost { return nil }
        calls.pointee.idle.append(transfer)
        if calls.pointee.idle.count > Transport.maximumIdle, calls.pointee.callings == 0 {
            return calls.pointee.idle.removeFirst()
        }
        return nil
    }
}
