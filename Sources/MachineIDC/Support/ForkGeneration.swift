internal import CPlatform
internal import Synchronization

/// Tells a forked child from its parent: the number of this process stands in the page that is its own, where a child
/// finds 0 and takes the next number. Where the kernel wipes the page that takes no system call: see `WipedOnFork`.
enum ForkGeneration {
    private static let last = Atomic<Int>(0)

    /// The number of this process; 0 without memory. Only after `WipedOnFork.prepare()`.
    static var current: Int {
        @inline(never) get {
            guard let page = WipedOnFork.own else { return 0 }
            let number = page.pointee.generation.load(ordering: .acquiring)
            return number != 0 ? number : begin(page)
        }
    }

    /// Whether this is the process of that number. Changes nothing, and takes no memory.
    static func isCurrent(_ number: Int) -> Bool {
        guard let page = WipedOnFork.page, number == page.pointee.generation.load(ordering: .acquiring) else { return false }
        return page.pointee.isOwn
    }

    /// Whether it is known that this is another process. No system call, wherever it is; in return, a bare `clone()` may go
    /// unnoticed until somebody looks at `current`.
    static func isOver(_ number: Int) -> Bool {
        number != WipedOnFork.page?.pointee.generation.load(ordering: .acquiring)
    }

    /// The first look in a process: one thread's number wins.
    private static func begin(_ page: UnsafeMutablePointer<WipedOnFork>) -> Int {
        let next = last.wrappingAdd(1, ordering: .relaxed).newValue
        let (exchanged, original) = page.pointee.generation.compareExchange(
            expected: 0, desired: next, ordering: .acquiringAndReleasing)
        return exchanged ? next : original
    }
}
