import Glibc

/// A value that threads access one at a time, and whose changes they can wait for.
///
/// It uses pthread, whose locks ThreadSanitizer can see. It cannot see those of `Synchronization.Mutex` in Swift 6.3,
/// and reports races where there are none.
final class Monitor<Value: Sendable>: @unchecked Sendable {
    // On the heap, because neither may move.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var value: Value

    init(_ value: Value) {
        self.value = value
        pthread_mutex_init(lock, nil)
        // CLOCK_MONOTONIC, so that setting the wall clock does not change how long a wait is.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    /// Runs `body` with the value, and wakes the threads that wait for a change.
    func withLock<Result, Fault>(_ body: (inout Value) throws(Fault) -> Result) throws(Fault) -> Result {
        pthread_mutex_lock(lock)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(lock)
        }
        return try body(&value)
    }

    /// Waits until a condition holds, or the time is over.
    func wait(seconds: Int, until condition: (Value) -> Bool) {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        deadline.tv_sec += seconds
        pthread_mutex_lock(lock)
        while !condition(value) && pthread_cond_timedwait(changed, lock, &deadline) == 0 {}
        pthread_mutex_unlock(lock)
    }
}
