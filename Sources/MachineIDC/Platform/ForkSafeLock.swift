internal import Synchronization

/// A lock that is never held in a forked child, because it is in the page that each process has for itself: see
/// `PerProcessPage`. It is for rarely contended data: a waiting thread looks again every 50 microseconds.
struct ForkSafeLock: ~Copyable {
    private let isHeld = Atomic<Bool>(false)

    /// Runs `body` with the lock held.
    func exclusively<Result, Fault>(_ body: () throws(Fault) -> Result) throws(Fault) -> Result {
        lock()
        defer { unlock() }
        return try body()
    }

    @inline(never)
    private func lock() {
        while isHeld.exchange(true, ordering: .acquiring) { ForkGate.sleepBriefly() }
    }

    private func unlock() { isHeld.store(false, ordering: .releasing) }
}
