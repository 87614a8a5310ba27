internal import CPlatform

/// A mutex on the C heap, because a pthread mutex must not move.
///
/// In a forked child the mutex may be held for ever, so there it does nothing. Nothing needs protection there: the
/// child has one thread, and that thread is inside a call only if a signal handler forked, in which case the call is
/// about to return.
struct Lock: ~Copyable {
    fileprivate let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let generation: Int

    /// - Parameter generation: the number of the process that uses it: see `ForkGeneration`.
    init(generation: Int) throws(Failure) {
        self.generation = generation
        guard let memory = malloc(MemoryLayout<pthread_mutex_t>.size) else { throw .outOfMemory }
        mutex = memory.assumingMemoryBound(to: pthread_mutex_t.self)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        free(mutex)
    }

    @inline(never)
    func lock() {
        if ForkGeneration.isOver(generation) || pthread_mutex_trylock(mutex) == 0 { return }
        wait()
    }

    /// Waits for the mutex, and looks once a second whether this is a child that was forked meanwhile.
    private func wait() {
        repeat {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            time.tv_sec &+= 1
            if pthread_mutex_timedlock(mutex, &time) == 0 { return }
        } while generation == ForkGeneration.current
    }

    @inline(never)
    func unlock() {
        if !ForkGeneration.isOver(generation) { pthread_mutex_unlock(mutex) }
    }
}

/// A condition variable that measures time by CLOCK_MONOTONIC.
struct Condition: ~Copyable {
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init() throws(Failure) {
        guard let memory = malloc(MemoryLayout<pthread_cond_t>.size) else { throw .outOfMemory }
        condition = memory.assumingMemoryBound(to: pthread_cond_t.self)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        free(condition)
    }

    func signal() { pthread_cond_signal(condition) }
    func broadcast() { pthread_cond_broadcast(condition) }

    /// Waits; the lock must be held. Returns after a signal, at the deadline, or spuriously.
    func wait(_ lock: borrowing Lock, until deadline: MonotonicTime) {
        var time = deadline.timespec
        pthread_cond_timedwait(condition, lock.mutex, &time)
    }
}
