internal import CPlatform
internal import Synchronization

/// Keeps a fork out of the middle of libcurl's work.
///
/// OpenSSL and libc take locks there, and one that another thread holds at the moment of a fork stays held in the child
/// for good: the child's first TLS connection would wait for ever. So whoever works says so, and a fork waits until
/// nobody does; whoever would begin meanwhile waits for the fork. Nobody waits longer than `patience`: this is no lock,
/// and nothing can stay held. A bare `clone()` goes past it, and so does what the host itself does with OpenSSL.
enum ForkGate {
    /// Milliseconds. The longest step, reading the system's certificate authorities, takes some 20.
    private static var patience: Int { 250 }

    /// Runs what must not be cut in two by a fork.
    static func working<Result>(_ work: () -> Result) -> Result {
        enter()
        defer { leave() }
        return work()
    }

    @inline(never)
    private static func leave() {
        WipedOnFork.page?.pointee.working.wrappingSubtract(1, ordering: .releasing)
    }

    @inline(never)
    private static func enter() {
        guard let page = WipedOnFork.page else { return }
        page.pointee.working.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if page.pointee.forking.load(ordering: .sequentiallyConsistent) == 0 { return }
        let deadline = Deadline.after(milliseconds: patience)
        while page.pointee.forking.load(ordering: .sequentiallyConsistent) > 0, !deadline.hasPassed {
            page.pointee.working.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            rest()
            page.pointee.working.wrappingAdd(1, ordering: .sequentiallyConsistent)
        }
    }

    /// Before a fork, on the thread that forks.
    static func close() {
        guard let page = WipedOnFork.page else { return }
        page.pointee.forking.wrappingAdd(1, ordering: .sequentiallyConsistent)
        let deadline = Deadline.after(milliseconds: patience)
        while page.pointee.working.load(ordering: .sequentiallyConsistent) > 0, !deadline.hasPassed { rest() }
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
