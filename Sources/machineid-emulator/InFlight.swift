import Glibc

/// Counts the requests that are being answered, so that the server can wait for them before it ends.
final class InFlight: @unchecked Sendable {
    // On the heap, because a lock must not move.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let none = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var count = 0

    init() {
        pthread_mutex_init(lock, nil)
        // Monotonic, so that setting the clock does not change how long a wait is.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(none, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(none)
        pthread_mutex_destroy(lock)
        none.deallocate()
        lock.deallocate()
    }

    func begin() {
        pthread_mutex_lock(lock)
        count += 1
        pthread_mutex_unlock(lock)
    }

    func end() {
        pthread_mutex_lock(lock)
        count -= 1
        if count == 0 { pthread_cond_signal(none) }
        pthread_mutex_unlock(lock)
    }

    /// Waits until there is none, or the time is up.
    func waitUntilNone(seconds: Int) {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        deadline.tv_sec += seconds
        pthread_mutex_lock(lock)
        while count > 0 && pthread_cond_timedwait(none, lock, &deadline) == 0 {}
        pthread_mutex_unlock(lock)
    }
}
