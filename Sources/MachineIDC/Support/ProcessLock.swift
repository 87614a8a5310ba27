internal import Synchronization

/// A lock that no forked child finds held, since it stands in a page that each process has for itself: see `WipedOnFork`.
/// For what is seldom waited for: who waits looks again every 50 microseconds.
struct ProcessLock: ~Copyable {
    private let isHeld = Atomic<Bool>(false)

    func exclusively<Result, Fault>(_ body: () throws(Fault) -> Result) throws(Fault) -> Result {
        lock()
        defer { unlock() }
        return try body()
    }

    @inline(never)
    private func lock() {
        while isHeld.exchange(true, ordering: .acquiring) { ForkGate.rest() }
    }

    private func unlock() { isHeld.store(false, ordering: .releasing) }
}
