internal import CPlatform
internal import Synchronization

/// Makes a fork wait while other threads are inside libcurl.
///
/// OpenSSL and libc take locks there, and a lock that another thread holds at the moment of a fork stays locked in the
/// child for ever: the child's first TLS connection would never return. So threads announce such work. A fork waits
/// until no thread is working, and a thread that wants to begin during a fork waits for the fork. Neither waits longer
/// than `patience`, however many forks follow each other: this is not a lock, and nothing can stay held. The thread
/// that forks does not wait for itself, because fork handlers of the host may make calls. A bare `clone()` bypasses the
/// gate, and so does the host's own use of OpenSSL.
enum ForkGate {
    /// Nanoseconds. The longest piece of work, reading the system's certificate authorities, takes some 20 ms.
    private static var patience: Int64 { 250_000_000 }

    /// Runs work that must not be interrupted by a fork.
    static func holdingOffFork<Result>(_ work: () -> Result) -> Result {
        enter()
        defer { leave() }
        return work()
    }

    /// The counter is 0 in a child that a signal handler forked while this thread was working, so it is not decremented
    /// there.
    @inline(never)
    private static func leave() {
        guard let page = PerProcessPage.unchecked, page.pointee.working.load(ordering: .relaxed) > 0 else { return }
        page.pointee.working.wrappingSubtract(1, ordering: .releasing)
    }

    /// Announces work, and waits if a fork is in progress.
    @inline(never)
    private static func enter() {
        guard let page = PerProcessPage.unchecked else { return }
        page.pointee.working.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if page.pointee.forking.load(ordering: .sequentiallyConsistent) > 0 { waitForFork(page) }
    }

    /// Withdraws the announcement while a fork is in progress, for `patience` at most, however many forks follow each
    /// other. A thread does not wait for its own fork, unless another thread forks or has forked meanwhile: that fork
    /// may have found nobody at work, and must not meet this thread in the middle of its work.
    private static func waitForFork(_ page: UnsafeMutablePointer<PerProcessPage>) {
        let end = Clock.read(CLOCK_MONOTONIC) &+ patience
        while true {
            let forks = page.pointee.forking.load(ordering: .sequentiallyConsistent)
            if forks == 0 { return }
            if forks == 1,
                page.pointee.forker.load(ordering: .sequentiallyConsistent) == UInt(platform_this_thread()) { return }
            if Clock.read(CLOCK_MONOTONIC) >= min(end, page.pointee.patienceEnd.load(ordering: .relaxed)) { return }
            page.pointee.working.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            sleepBriefly()
            page.pointee.working.wrappingAdd(1, ordering: .sequentiallyConsistent)
        }
    }

    /// Announces a fork and waits until no thread is working. Called on the thread that forks, before the fork.
    static func close() {
        guard let page = PerProcessPage.current else { return }
        let end = Clock.read(CLOCK_MONOTONIC) &+ patience
        page.pointee.forker.store(UInt(platform_this_thread()), ordering: .sequentiallyConsistent)
        page.pointee.patienceEnd.store(end, ordering: .relaxed)
        page.pointee.forking.wrappingAdd(1, ordering: .sequentiallyConsistent)
        while page.pointee.working.load(ordering: .sequentiallyConsistent) > 0, Clock.read(CLOCK_MONOTONIC) < end {
            sleepBriefly()
        }
    }

    /// Ends the announcement. Called in the parent after the fork, on the same thread as `close`.
    static func open() {
        guard let page = PerProcessPage.unchecked else { return }
        // Taken back first: a thread that no longer forks must wait for the fork of another thread.
        _ = page.pointee.forker.compareExchange(
            expected: UInt(platform_this_thread()), desired: 0, ordering: .sequentiallyConsistent)
        page.pointee.forking.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }

    /// Sleeps for 50 microseconds.
    static func sleepBriefly() {
        var time = timespec(tv_sec: 0, tv_nsec: 50_000)
        nanosleep(&time, nil)
    }
}
