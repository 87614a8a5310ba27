internal import CPlatform

/// Where one thread sleeps until another wakes it. What it waits for is guarded by a lock, as with a condition, and so is
/// this.
///
/// A semaphore, since a condition costs each sleep a system call more: the lock that glibc takes again for whoever leaves
/// one always counts as contended, and letting go of it wakes nobody.
struct Sleeper: ~Copyable {
    private struct State {
        var semaphore = sem_t()
        var isAsleep = false
    }

    private let state: UnsafeMutablePointer<State>

    init() throws(Failure) {
        state = try allocate(State())
        sem_init(&state.pointee.semaphore, 0, 0)
    }

    deinit {
        sem_destroy(&state.pointee.semaphore)
        deallocate(state)
    }

    /// Lets go of the lock meanwhile. Returns when it was woken, at the deadline, or for no reason at all.
    func sleep(_ lock: borrowing Lock, until deadline: Deadline) {
        var time = deadline.timespec
        state.pointee.isAsleep = true
        lock.unlock()
        sem_clockwait(&state.pointee.semaphore, CLOCK_MONOTONIC, &time)
        lock.lock()
        state.pointee.isAsleep = false
    }

    /// Whether there is somebody to wake; then the caller must. Locked.
    func claim() -> Bool {
        defer { state.pointee.isAsleep = false }
        return state.pointee.isAsleep
    }

    /// After a claim, and not necessarily locked.
    func wakeClaimed() { sem_post(&state.pointee.semaphore) }

    /// Locked.
    func wake() {
        if claim() { wakeClaimed() }
    }
}
