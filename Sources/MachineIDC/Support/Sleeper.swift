internal import CPlatform

/// Where one thread sleeps until another wakes it. What it waits for is guarded by a lock, as with a condition, and so is
/// this.
///
/// A semaphore, since a condition costs each sleep a system call more: the lock that glibc takes again for whoever leaves
/// one always counts as contended, and letting go of it wakes nobody.
struct Sleeper: ~Copyable {
    private let semaphore: UnsafeMutablePointer<sem_t>
    private let sleeps: Box<Bool>

    init() throws(Failure) {
        let sleeps = try Box(false)
        semaphore = try allocate(sem_t())
        self.sleeps = sleeps
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        deallocate(semaphore)
    }

    /// Lets go of the lock meanwhile. Returns when it was woken, at the deadline, or for no reason at all.
    func sleep(_ lock: borrowing Lock, until deadline: Deadline) {
        var time = deadline.timespec
        sleeps.pointer.pointee = true
        lock.unlock()
        sem_clockwait(semaphore, CLOCK_MONOTONIC, &time)
        lock.lock()
        sleeps.pointer.pointee = false
    }

    /// And nobody has claimed to wake him. Locked.
    var isAsleep: Bool { sleeps.pointer.pointee }

    /// Whether there is somebody to wake; then the caller must. Locked.
    func claim() -> Bool {
        defer { sleeps.pointer.pointee = false }
        return sleeps.pointer.pointee
    }

    /// After a claim, and not necessarily locked.
    func wakeClaimed() { sem_post(semaphore) }

    /// Locked.
    func wake() {
        if claim() { wakeClaimed() }
    }
}
