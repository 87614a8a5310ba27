internal import CPlatform

// The guards of a client in one process, and their thread.
extension Transport {
    /// What the lock guards.
    struct Guards: ~Copyable {
        var live = LiveGuards()
        var thread = pthread_t()
        /// It has not yet found out that there is nothing to stay for.
        var isRunning = false
        /// It was started, and nobody has joined it.
        var isJoinable = false
        /// How many have taken it upon them to join it, and are not done.
        var joinings = 0
        /// Where it can be called while it is running.
        var group: TransferGroup?
        /// Whether `exit` has begun.
        var mustQuit = false
    }

    var guards: UnsafeMutablePointer<Guards> { shared.pointee.guards.pointer }

    /// Takes a guard on, and starts the thread where there is none.
    func add(_ guarded: Guard, of client: Client, due: Deadline) throws(Failure) {
        // Made beforehand, in the hope that it is needed: it takes the lock.
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
        // Once more: `exit` may have looked through the registry before.
        let isLate = GuardRegistry.hasEnded
        // The one before is about to end.
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

    /// Whether the thread has nothing to stay for. If so, it is no longer `isRunning`, and must go. Locked.
    func threadQuits() -> Bool {
        if hasWork { return false }
        guards.pointee.isRunning = false
        guards.pointee.group = nil
        shared.pointee.threadLeft.broadcast()
        return true
    }

    /// At exit: for good.
    func stopGuards(until deadline: Deadline) {
        lock()
        guards.pointee.mustQuit = true
        endGuards()
        unlock()
        joinThread(until: deadline)
    }

    /// Ends all guards. Locked.
    func endGuards() {
        while let guarded = guards.pointee.live.removeFirst() { guarded.end(.ended) }
    }

    /// Where the thread has nothing to stay for, waits until it has gone, or for the deadline.
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
        // At exit, others who are about to join it are waited for as well.
        while guards.pointee.mustQuit, guards.pointee.joinings > 0, !deadline.hasPassed {
            shared.pointee.threadLeft.wait(shared.pointee.lock, until: deadline)
        }
        unlock()
    }

    /// Nobody is going to join it. When there is nobody else any more.
    func detachThread() {
        if guards.pointee.isJoinable { pthread_detach(guards.pointee.thread) }
        guards.pointee.isJoinable = false
    }

    /// Whether there is something that the thread stays for.
    private var hasWork: Bool {
        !guards.pointee.live.isEmpty && !guards.pointee.mustQuit && !calls.pointee.areCancelled
    }
}

/// With all signals blocked, which are the host's. nil when there can be no thread.
private func startThread(_ context: UnsafeMutablePointer<GuardThread>) -> pthread_t? {
    var thread = pthread_t()
    let begin: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        guard let context = context?.assumingMemoryBound(to: GuardThread.self) else { return nil }
        platform_name_thread("machineid-guard")
        // It has left its loop. Whoever waits for this one has waited for both.
        if let predecessor = context.pointee.predecessor { pthread_join(predecessor, nil) }
        context.pointee.run()
        // Until here exit() waits for it.
        context.pointee.dropAll()
        GuardRegistry.remove(context)
        deallocate(context)
        return nil
    }
    let code = withSignalsBlocked { pthread_create(&thread, nil, begin, context) }
    return code == 0 ? thread : nil
}
