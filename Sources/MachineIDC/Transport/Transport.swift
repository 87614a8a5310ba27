internal import CCurl
internal import CPlatform

/// The connections of a client in one process, and the callers that use them.
///
/// There is no thread here: callers drive. Whoever comes first drives libcurl until his own transfer has ended, and then
/// lets a waiting caller go on. The others queue their transfers, wake the driver, and wait, each until his own deadline;
/// a transfer whose caller has left is abandoned, and cleared away by the driver.
///
/// A pointer to shared memory; the client that made it destroys it. Locked, except while libcurl works or waits.
struct Transport {
    /// What never changes.
    struct Shared: ~Copyable {
        let lock: Lock
        let multi: Multi
        /// Signalled when the last call has gone.
        let drained: Condition
        /// The process it belongs to.
        let generation: Int
        let calls: Box<Calls>
        let guards: Box<Guards>
        /// Signalled when the thread of the guards has nothing more to do.
        let threadLeft: Condition

        init(_ settings: borrowing Settings, generation: Int) throws(Failure) {
            let lock = try Lock()
            let drained = try Condition()
            let multi = try Multi(maxConnections: settings.maxConnections)
            let calls = try Box(Calls())
            let guards = try Box(Guards())
            let threadLeft = try Condition()
            self.lock = lock
            self.drained = drained
            self.multi = multi
            self.generation = generation
            self.calls = calls
            self.guards = guards
            self.threadLeft = threadLeft
        }
    }

    /// What the lock guards.
    struct Calls: ~Copyable {
        var count = 0
        var areCancelled = false
        var areDriven = false
        /// Waiting for the driver to take them on.
        var queued = LinkedList<Transfer>()
        /// In libcurl's hands.
        var running = LinkedList<Transfer>()
        /// Waiting for their next attempt.
        var paused = LinkedList<Transfer>()
        /// Of the running ones, those whose callers have left.
        var abandonedCount = 0
        /// The open ones.
        var groups = LinkedList<TransferGroup>()
        /// Ready to be used again.
        var idle = LinkedList<Transfer>()
        var idleCount = 0
    }

    let shared: UnsafeMutablePointer<Shared>

    init(_ settings: borrowing Settings, generation: Int) throws(Failure) {
        shared = try allocate(Shared(settings, generation: generation))
    }

    /// The transport at an address that was kept as a number; nil for 0.
    init?(address: UInt) {
        guard let shared = UnsafeMutablePointer<Shared>(bitPattern: address) else { return nil }
        self.shared = shared
    }

    /// Only when no call is inside any more.
    func destroy() {
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
    }

    var generation: Int { shared.pointee.generation }

    /// Ends every call inside and every one to come.
    func cancel() {
        lock()
        calls.pointee.areCancelled = true
        endGuards()
        calls.pointee.queued.forEach { $0.signal() }
        calls.pointee.running.forEach { $0.signal() }
        calls.pointee.paused.forEach { $0.signal() }
        calls.pointee.groups.forEach { $0.shared.pointee.changed.signal() }
        unlock()
        shared.pointee.multi.wakeUp()
    }

    /// Waits until no call is inside, or for the deadline.
    func drain(until deadline: Deadline) {
        lock()
        while calls.pointee.count > 0, !deadline.hasPassed {
            shared.pointee.drained.wait(shared.pointee.lock, until: deadline)
        }
        unlock()
    }
}

// The transfers of calls: taken from the idle ones or made, and given back.
extension Transport {
    /// As many as are worth keeping for a burst of callers.
    private static var maximumIdle: Int { 64 }

    @inline(never)
    func begin(_ settings: borrowing Settings) throws(Failure) -> Transfer {
        lock()
        calls.pointee.count &+= 1
        let found = calls.pointee.idle.removeLast()
        if found != nil { calls.pointee.idleCount &-= 1 }
        unlock()
        if let found { return found }
        do throws(Failure) {
            return try Transfer(settings, sockets: shared.pointee.multi.sockets)
        } catch {
            end(nil)
            throw error
        }
    }

    /// - Parameter transfer: nil when it was abandoned to the driver.
    @inline(never)
    func end(_ transfer: Transfer?) {
        transfer?.recycle()
        lock()
        let surplus = transfer.flatMap(keep)
        leaveCall()
        unlock()
        surplus?.destroy()
    }

    /// One call less is inside. Locked.
    func leaveCall() {
        calls.pointee.count &-= 1
        if calls.pointee.count == 0 { shared.pointee.drained.signal() }
    }

    /// Puts a transfer among the idle ones; returns it when there are enough. Locked.
    func keep(_ transfer: Transfer) -> Transfer? {
        guard calls.pointee.idleCount < Transport.maximumIdle else { return transfer }
        calls.pointee.idle.append(transfer)
        calls.pointee.idleCount &+= 1
        return nil
    }
}
