internal import CPlatform
internal import Synchronization

/// Keeps a fork out of the middle of libcurl's work.
///
/// OpenSSL and libc take locks there, and one that another thread holds at the moment of a fork stays held in the child
/// for good: the child's first TLS connection would wait for ever. So whoever works says so, and a fork waits until
/// nobody does; whoever would begin meanwhile waits for the fork. Nobody waits longer for a fork than `patience`, however
/// often he would begin: this is no lock, and nothing can stay held. The thread that forks does not wait for itself: what
/// the host does around a fork, in handlers of its own, may be calls. A bare `clone()` goes past the gate, and so does what
/// the host itself does with OpenSSL.
enum ForkGate {
    /// Nanoseconds. The longest step, reading the system's certificate authorities, takes some 20 ms.
    private static var patience: Int64 { 250_000_000 }

    /// Runs what must not be cut in two by a fork.
    static func working<Result>(_ work: () -> Result) -> Result {
        enter()
        defer { leave() }
        return work()
    }

    /// A child that was forked in between, by a handler of a signal, has nobody working.
    @inline(never)
    private static func leave() {
        guard let page = WipedOnFork.page, page.pointee.working.load(ordering: .relaxed) > 0 else { return }
        page.pointee.working.wrappingSubtract(1, ordering: .releasing)
    }

    @inline(never)
    private static func enter() {
        guard let page = WipedOnFork.page else { return }
        page.pointee.working.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if page.pointee.forking.load(ordering: .sequentiallyConsistent) > 0 { waitForFork(page) }
    }

    private static func waitForFork(_ page: UnsafeMutablePointer<WipedOnFork>) {
        while page.pointee.forking.load(ordering: .sequentiallyConsistent) > 0,
            page.pointee.forker.load(ordering: .relaxed) != UInt(platform_this_thread()),
            Clock.read(CLOCK_MONOTONIC) < page.pointee.patienceEnd.load(ordering: .relaxed)
        {
            page.pointee.working.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            rest()
            page.pointee.working.wrappingAdd(1, ordering: .sequentiallyConsistent)
        }
    }

    /// Before a fork, on the thread that forks.
    static func close() {
        guard let page = WipedOnFork.own else { return }
        let end = Clock.read(CLOCK_MONOTONIC) &+ patience
        page.pointee.forker.store(UInt(platform_this_thread()), ordering: .relaxed)
        page.pointee.patienceEnd.store(end, ordering: .relaxed)
        page.pointee.forking.wrappingAdd(1, ordering: .sequentiallyConsistent)
        while page.pointee.working.load(ordering: .sequentiallyConsistent) > 0, Clock.read(CLOCK_MONOTONIC) < end { rest() }
    }

    /// After a fork, in the parent.
    static func open() {
        WipedOnFork.page?.pointee.forking.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }

    static func rest() {
        var time = timespec(tv_sec: 0, tv_nsec: 50_000)
        nanosleep(&time, nil)
    }
}
