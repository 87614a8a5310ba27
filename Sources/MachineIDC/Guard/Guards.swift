internal import CPlatform

/// The guards of a client in one process, and the thread that checks them. They are the companion of the process's
/// transport, whose lock protects them, and are made with the first guard.
///
/// A pointer to shared memory, which is freed with the transport.
struct Guards {
    /// What never changes.
    struct Shared: ~Copyable {
        let transport: Transport
        /// Signalled when the guard thread leaves its loop, and when it has been joined.
        let threadStopped: Condition
        let locked: Box<Locked>

        init(_ transport: Transport) throws(Failure) {
            let threadStopped = try Condition()
            let locked = try Box(Locked())
            self.transport = transport
            self.threadStopped = threadStopped
            self.locked = locked
        }
    }

    /// The members that the transport's lock protects.
    struct Locked: ~Copyable {
        var live = LiveGuards()
        /// How many guards that were not stopped are denied, and ended.
        var denied = 0
        var ended = 0
        /// The guard thread, while `isJoinable`.
        var thread = UInt(0)
        /// Whether the thread is in its loop. It becomes false when the thread finds that there is nothing more to do.
        var isRunning = false
        /// Whether the thread was started and has not been joined or detached.
        var isJoinable = false
        /// How many threads are waiting for its end.
        var joinsInProgress = 0
        /// The running thread's group, by which it can be woken; nil when it is not running.
        var group: TransferGroup?
        /// Whether the exit handler has begun.
        var isExiting = false
    }

    let shared: UnsafeMutablePointer<Shared>

    /// The guards of a transport, made if there are none yet.
    static func of(_ transport: Transport) throws(Failure) -> Guards {
        transport.lock()
        defer { transport.unlock() }
        if let companion = transport.locked.pointee.companion { return Guards(context: companion.context) }
        let shared = try allocateShared(Shared(transport))
        transport.locked.pointee.companion = Companion(
            context: shared,
            cancelled: { Guards(context: $0).endAll() },
            closing: { Guards(context: $0).joinThread(until: .after(milliseconds: $1)) },
            destroyed: { Guards(context: $0).destroy() })
        return Guards(context: shared)
    }

    init(context: UnsafeMutableRawPointer) { shared = context.assumingMemoryBound(to: Shared.self) }

    /// Detaches the guard thread if it was not joined, and frees the guards. No other thread uses the transport any
    /// more.
    private func destroy() {
        if locked.pointee.isJoinable { platform_detach_thread(locked.pointee.thread) }
        destroyShared(shared)
    }

    var transport: Transport { shared.pointee.transport }
    var locked: UnsafeMutablePointer<Locked> { shared.pointee.locked.pointer }
}

extension Guards {
    /// Adds a guard, and starts the guard thread if it is not running. Ends the guard instead when the client was
    /// cancelled or the process is exiting.
    func add(_ deviceGuard: Guard, of client: Client, due: MonotonicTime) throws(Failure) {
        // Made even if it turns out not to be needed, because making it takes the lock.
        let thread = try allocateShared(GuardThread(client, self))
        transport.lock()
        if transport.locked.pointee.isCancelled || locked.pointee.isExiting || GuardRegistry.isExiting {
            deviceGuard.end(.ended)
            transport.unlock()
            destroyShared(thread)
            return
        }
        do throws(Failure) {
            try locked.pointee.live.add(deviceGuard, due: due)
        } catch {
            transport.unlock()
            destroyShared(thread)
            throw error
        }
        if locked.pointee.isRunning {
            if let group = locked.pointee.group { transport.wake(group) }
            transport.unlock()
            destroyShared(thread)
            return
        }
        GuardRegistry.add(thread)
        // Checked again, because the exit handler may have gone through the registry before the thread was added.
        let isLate = GuardRegistry.isExiting
        // The previous thread has left its loop and is about to end.
        if locked.pointee.isJoinable { thread.pointee.predecessor = locked.pointee.thread }
        guard !isLate, let number = startThread(thread) else {
            deviceGuard.end(.ended)
            transport.unlock()
            GuardRegistry.remove(thread)
            destroyShared(thread)
            if isLate { return }
            throw Failure(.internal, "no thread could be started for the guard")
        }
        locked.pointee.thread = number
        locked.pointee.isRunning = true
        locked.pointee.isJoinable = true
        locked.pointee.group = thread.pointee.group
        transport.unlock()
    }

    /// Whether the guard thread must end because nothing is left to do. If so, it no longer counts as running. Requires
    /// the lock.
    func stopThreadIfIdle() -> Bool {
        if hasLiveGuards { return false }
        locked.pointee.isRunning = false
        locked.pointee.group = nil
        shared.pointee.threadStopped.broadcast()
        return true
    }

    /// Ends all guards for good and joins the thread, at exit.
    func stop(until deadline: MonotonicTime) {
        transport.lock()
        locked.pointee.isExiting = true
        endAll()
        transport.unlock()
        joinThread(until: deadline)
    }

    /// Ends all guards. Requires the lock.
    func endAll() {
        while let deviceGuard = locked.pointee.live.removeFirst() { deviceGuard.end(.ended) }
    }

    /// If the guard thread has nothing left to do, waits until it has ended, or for the deadline.
    func joinThread(until deadline: MonotonicTime) {
        transport.lock()
        if let group = locked.pointee.group { transport.wake(group) }
        while locked.pointee.isRunning, !hasLiveGuards, !deadline.hasPassed {
            shared.pointee.threadStopped.wait(transport.shared.pointee.lock, until: deadline)
        }
        if locked.pointee.isJoinable, !locked.pointee.isRunning {
            let thread = locked.pointee.thread
            locked.pointee.isJoinable = false
            locked.pointee.joinsInProgress &+= 1
            transport.unlock()
            platform_join_thread(thread)
            transport.lock()
            locked.pointee.joinsInProgress &-= 1
            shared.pointee.threadStopped.broadcast()
        }
        // At exit, also waits for other threads that are joining it.
        while locked.pointee.isExiting, locked.pointee.joinsInProgress > 0, !deadline.hasPassed {
            shared.pointee.threadStopped.wait(transport.shared.pointee.lock, until: deadline)
        }
        transport.unlock()
    }

    /// Whether the guard thread has something to do. Requires the lock.
    private var hasLiveGuards: Bool {
        !locked.pointee.live.isEmpty && !locked.pointee.isExiting && !transport.locked.pointee.isCancelled
    }
}

/// Starts the guard thread with all signals blocked, since the signals belong to the host. nil when the system refuses
/// the thread.
private func startThread(_ context: UnsafeMutablePointer<GuardThread>) -> UInt? {
    let begin: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        guard let context = context?.assumingMemoryBound(to: GuardThread.self) else { return nil }
        platform_name_thread("machineid-guard")
        // The predecessor has left its loop. Joining this thread therefore covers both.
        if let predecessor = context.pointee.predecessor { platform_join_thread(predecessor) }
        context.pointee.run()
        // The exit handler waits for the thread up to this point.
        context.pointee.cancelAll()
        GuardRegistry.remove(context)
        destroyShared(context)
        return nil
    }
    let thread = withSignalsBlocked { platform_start_thread(begin, context) }
    return thread == 0 ? nil : thread
}
