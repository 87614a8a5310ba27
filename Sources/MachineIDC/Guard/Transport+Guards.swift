internal import CPlatform

// The guards of a client in one process, and the thread that checks them.
extension Transport {
    /// The members that the transport's lock protects.
    struct Guards: ~Copyable {
        var live = LiveGuards()
        /// The guard thread, while `isJoinable`.
        var thread = pthread_t()
        /// Whether the thread is in its loop. It becomes false when the thread finds that there is nothing more to do.
        var isRunning = false
        /// Whether the thread was started and has not been joined or detached.
        var isJoinable = false
        /// How many threads are inside `pthread_join` for it.
        var joinings = 0
        /// The running thread's group, by which it can be woken; nil when it is not running.
        var group: TransferGroup?
        /// Whether the exit handler has begun.
        var mustQuit = false
    }

    var guards: UnsafeMutablePointer<Guards> { shared.pointee.guards.pointer }

    /// Adds a guard, and starts the guard thread if it is not running. Ends the guard instead when the client was
    /// cancelled or the process is exiting.
    func add(_ guarded: Guard, of client: Client, due: Deadline) throws(Failure) {
        // Made even if it turns out not to be needed, because making it takes the lock.
        let thread = try allocate(GuardThread(client, self))
        lock()
        if calls.pointee.areCancelled || guards.pointee.mustQuit || GuardRegistry.hasEnded {
            guarded.end(.ended)
            unlock()
            deallocate(thread)
            return
        }
        do throws(Failure) {
            try guards.pointee.live.add(guarded, due: due)
        } catch {
            unlock()
            deallocate(thread)
            throw error
        }
        if guards.pointee.isRunning {
            if let group = guards.pointee.group { wake(group) }
            unlock()
            deallocate(thread)
            return
        }
        GuardRegistry.add(thread)
        // Checked again, because the exit handler may have gone through the registry before the thread was added.
        let isLate = GuardRegistry.hasEnded
        // The previous thread has left its loop and is about to end.
        if guards.pointee.isJoinable { thread.pointee.predecessor = guards.pointee.thread }
        guard !isLate, let number = startThread(thread) else {
            guarded.end(.ended)
            unlock()
            GuardRegistry.remove(thread)
            deallocate(thread)
            if isLate { return }
            throw Failure(.internal, "no thread could be started for the guard")
        }
        guards.pointee.thread = number
        guards.pointee.isRunning = true
        guards.pointee.isJoinable = true
        guards.pointee.group = thread.pointee.group
        unlock()
    }

    /// Whether the guard thread must end because nothing is left to do. If so, it no longer counts as running. Requires
    /// the lock.
    func threadQuits() -> Bool {
        if hasWork { return false }
        guards.pointee.isRunning = false
        guards.pointee.group = nil
        shared.pointee.threadLeft.broadcast()
        return true
    }

    /// Ends all guards for good and joins the thread, at exit.
    func stopGuards(until deadline: Deadline) {
        lock()
        guards.pointee.mustQuit = true
        endGuards()
        unlock()
        joinThread(until: deadline)
    }

    /// Ends all guards. Requires the lock.
    func endGuards() {
        while let guarded = guards.pointee.live.removeFirst() { guarded.end(.ended) }
    }

    /// If the guard thread has nothing left to do, waits until it has ended, or for the deadline.
    func joinThread(until deadline: Deadline) {
        lock()
        if let group = guards.pointee.group { wake(group) }
        while guards.pointee.isRunning, !hasWork, !deadline.hasPassed {
            shared.pointee.threadLeft.wait(shared.pointee.lock, until: deadline)
        }
        if guards.pointee.isJoinable, !guards.pointee.isRunning {
            let thread = guards.pointee.thread
            guards.pointee.isJoinable = false
            guards.pointee.joinings &+= 1
            unlock()
            pthread_join(thread, nil)
            lock()
            guards.pointee.joinings &-= 1
            shared.pointee.threadLeft.broadcast()
        }
        // At exit, also waits for other threads that are joining it.
        while guards.pointee.mustQuit, guards.pointee.joinings > 0, !deadline.hasPassed {
            shared.pointee.threadLeft.wait(shared.pointee.lock, until: deadline)
        }
        unlock()
    }

    /// Detaches the guard thread if it was not joined. Call it when no other thread uses the transport any more.
    func detachThread() {
        if guards.pointee.isJoinable { pthread_detach(guards.pointee.thread) }
        guards.pointee.isJoinable = false
    }

    /// Whether the guard thread has something to do. Requires the lock.
    private var hasWork: Bool {
        !guards.pointee.live.isEmpty && !guards.pointee.mustQuit && !calls.pointee.areCancelled
    }
}

/// Starts the guard thread with all signals blocked, since the signals belong to the host. nil when the system refuses
/// the thread.
private func startThread(_ context: UnsafeMutablePointer<GuardThread>) -> pthread_t? {
    var thread = pthread_t()
    let begin: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        guard let context = context?.assumingMemoryBound(to: GuardThread.self) else { return nil }
        platform_name_thread("machineid-guard")
        // The predecessor has left its loop. Joining this thread therefore covers both.
        if let predecessor = context.pointee.predecessor { pthread_join(predecessor, nil) }
        context.pointee.run()
        // The exit handler waits for the thread up to this point.
        context.pointee.dropAll()
        GuardRegistry.remove(context)
        deallocate(context)
        return nil
    }
    let code = withSignalsBlocked { pthread_create(&thread, nil, begin, context) }
    return code == 0 ? thread : nil
}
