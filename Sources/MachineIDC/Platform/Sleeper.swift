internal import CPlatform

/// Lets one thread sleep until another wakes it. As with a condition variable, the data that it waits for is protected
/// by a lock, and the functions here require that lock unless they say otherwise.
///
/// It uses a semaphore, which saves a futex wake: after a wait on a condition variable, glibc relocks the mutex as
/// contended, so that the next unlock makes a system call that wakes no thread.
///
/// A thread of the host wakes once a second: a handler of a signal may fork just before the thread falls asleep, and in
/// the child nothing would wake it. The library's own thread runs no handlers.
struct Sleeper: ~Copyable {
    private let isOfHost: Bool
    private let semaphore: UnsafeMutablePointer<UInt32>
    /// Whether a thread is asleep, or about to sleep, that no other thread has claimed.
    private let sleeps: Box<Bool>

    /// - Parameter isOfHost: whether a thread of the host is to sleep, and not one of the library.
    init(isOfHost: Bool) throws(Failure) {
        self.isOfHost = isOfHost
        let sleeps = try Box(false)
        semaphore = try allocateShared(UInt32(0))
        self.sleeps = sleeps
    }

    deinit {
        destroyShared(semaphore)
    }

    /// Sleeps with the lock released. Returns when woken, at the deadline, or spuriously.
    func sleep(_ lock: borrowing Lock, until deadline: MonotonicTime) {
        var time = (isOfHost ? min(deadline, .after(milliseconds: 1_000)) : deadline).timespec
        sleeps.pointer.pointee = true
        lock.unlock()
        platform_semaphore_wait(semaphore, &time)
        lock.lock()
        sleeps.pointer.pointee = false
    }

    /// Whether a thread is asleep and no other thread has claimed to wake it.
    var isAsleep: Bool { sleeps.pointer.pointee }

    /// Claims to wake the sleeping thread. Returns false when there is none; after true the caller must call
    /// `wakeClaimed`.
    func claim() -> Bool {
        defer { sleeps.pointer.pointee = false }
        return sleeps.pointer.pointee
    }

    /// Wakes the thread after a successful claim. Does not require the lock.
    func wakeClaimed() { platform_semaphore_post(semaphore) }

    /// Wakes the sleeping thread, if there is one.
    func wake() {
        if claim() { wakeClaimed() }
    }
}
