internal import CPlatform
internal import Synchronization

/// Tells a forked child from its parent. Each process has a number, which is stored in the page that every process has
/// for itself. A child finds 0 there and takes the next number. Where the kernel wipes the page, this takes no system
/// call: see `PerProcessPage`.
enum ForkGeneration {
    /// The highest number in use. A child inherits it.
    private static let last = Atomic<Int>(0)

    /// The number of this process, assigned if it has none yet; 0 when memory is refused. Requires
    /// `PerProcessPage.prepare()`.
    static var current: Int {
        @inline(never) get {
            guard let page = PerProcessPage.current else { return 0 }
            let number = page.pointee.generation.load(ordering: .acquiring)
            return number != 0 ? number : begin(page)
        }
    }

    /// Whether this process has that number. Changes nothing and allocates nothing.
    static func isCurrent(_ number: Int) -> Bool {
        guard let page = PerProcessPage.unchecked, number == page.pointee.generation.load(ordering: .acquiring)
        else { return false }
        return page.pointee.isOwn
    }

    /// Whether this process is known to have another number. Never makes a system call; in return, a child of a bare
    /// `clone()` may go unnoticed until `current` is read, where the kernel does not wipe the page.
    static func isOver(_ number: Int) -> Bool {
        number != PerProcessPage.unchecked?.pointee.generation.load(ordering: .acquiring)
    }

    /// Assigns a number to this process. If several threads do so at the same time, the first one's number counts.
    private static func begin(_ page: UnsafeMutablePointer<PerProcessPage>) -> Int {
        let next = last.wrappingAdd(1, ordering: .relaxed).newValue
        let (exchanged, original) = page.pointee.generation.compareExchange(
            expected: 0, desired: next, ordering: .acquiringAndReleasing)
        return exchanged ? next : original
    }
}
