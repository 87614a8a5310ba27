internal import CCurl
internal import CPlatform

/// The connections of a client in one process, and the callers that use them.
///
/// There is no thread here: callers drive. Whoever comes first drives libcurl until his own transfer has ended, and then
/// lets a waiting caller go on. The others queue their transfers, wake the driver, and wait, each until his own deadline;
/// a transfer whose caller has left is abandoned, and cleared away by the driver.
///
/// A pointer to shared state; the client that made it destroys it. Locked, except while libcurl works or waits.
struct Transport {
    struct State: ~Copyable {
        let lock: Lock
        let multi: Multi
        /// Signalled when the last call has gone.
        let drained: Condition
        /// The process it belongs to.
        let generation: Int

        var calls = 0
        var isCancelled = false
        var isDriven = false
        /// Waiting for the driver to take them on.
        var queued = TransferList()
        /// In libcurl's hands.
        var running = TransferList()
        /// Waiting for their next attempt.
        var paused = TransferList()
        /// Ready to be used again.
        var idle = TransferList()
        var idleCount = 0
        var abandonedCount = 0

        init(_ settings: borrowing Settings, generation: Int) throws(Failure) {
            let lock = try Lock()
            let drained = try Condition()
            let multi = try Multi(maxConnections: settings.maxConnections)
            self.lock = lock
            self.drained = drained
            self.multi = multi
            self.generation = generation
        }
    }

    let state: UnsafeMutablePointer<State>

    init(_ settings: borrowing Settings, generation: Int) throws(Failure) {
        let made = try State(settings, generation: generation)
        guard let memory = malloc(MemoryLayout<State>.size) else { throw .outOfMemory }
        state = memory.assumingMemoryBound(to: State.self)
        state.initialize(to: made)
    }

    /// The transport at an address that was kept as a number; nil for 0.
    init?(address: UInt) {
        guard let state = UnsafeMutablePointer<State>(bitPattern: address) else { return nil }
        self.state = state
    }

    /// Only when no call is inside any more.
    func destroy() {
        while let transfer = state.pointee.idle.removeLast() { transfer.destroy() }
        state.deinitialize(count: 1)
        free(state)
    }

    /// In a forked child, instead of `destroy`: libcurl's handles and the lock, which another thread of the parent may
    /// have held, are left alone for good; only the sockets go.
    func forsake() {
        state.pointee.multi.sockets.closeInherited()
    }

    var generation: Int { state.pointee.generation }

    /// Ends every call inside and every one to come.
    func cancel() {
        state.pointee.lock.lock()
        state.pointee.isCancelled = true
        state.pointee.queued.forEach { $0.state.pointee.changed.signal() }
        state.pointee.running.forEach { $0.state.pointee.changed.signal() }
        state.pointee.paused.forEach { $0.state.pointee.changed.signal() }
        state.pointee.lock.unlock()
        state.pointee.multi.wakeUp()
    }

    /// Waits until no call is inside, or for the deadline.
    func drain(until deadline: Deadline) {
        state.pointee.lock.lock()
        while state.pointee.calls > 0, !deadline.hasPassed {
            state.pointee.drained.wait(state.pointee.lock, until: deadline)
        }
        state.pointee.lock.unlock()
    }
}

// The transfers of calls: taken from the idle ones or made, and given back.
extension Transport {
    /// As many as are worth keeping for a burst of callers.
    private static var maximumIdle: Int { 64 }

    func begin(_ settings: borrowing Settings) throws(Failure) -> Transfer {
        state.pointee.lock.lock()
        state.pointee.calls &+= 1
        let found = state.pointee.idle.removeLast()
        if found != nil { state.pointee.idleCount &-= 1 }
        state.pointee.lock.unlock()
        if let found { return found }
        do throws(Failure) {
            return try Transfer(settings, sockets: state.pointee.multi.sockets)
        } catch {
            end(nil)
            throw error
        }
    }

    /// - Parameter transfer: nil when it was abandoned to the driver.
    func end(_ transfer: Transfer?) {
        transfer?.recycle()
        state.pointee.lock.lock()
        let surplus = transfer.flatMap(keep)
        state.pointee.calls &-= 1
        if state.pointee.calls == 0 { state.pointee.drained.signal() }
        state.pointee.lock.unlock()
        surplus?.destroy()
    }

    /// Puts a transfer among the idle ones; returns it when there are enough. Locked.
    func keep(_ transfer: Transfer) -> Transfer? {
        guard state.pointee.idleCount < Transport.maximumIdle else { return transfer }
        state.pointee.idle.append(transfer)
        state.pointee.idleCount &+= 1
        return nil
    }
}
