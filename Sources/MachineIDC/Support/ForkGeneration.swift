internal import CPlatform
internal import Synchronization

/// Tells a forked child from its parent, without a system call: the number of this process stands where a child finds 0,
/// and takes the next number.
enum ForkGeneration {
    private static let last = Atomic<Int>(0)

    /// The number of this process. Only after `WipedOnFork.prepare()`.
    static var current: Int {
        guard let page = WipedOnFork.page else { return 0 }
        let number = page.pointee.generation.load(ordering: .acquiring)
        return number != 0 ? number : begin(page)
    }

    /// The first look in a process: one thread's number wins.
    private static func begin(_ page: UnsafeMutablePointer<WipedOnFork>) -> Int {
        let next = last.wrappingAdd(1, ordering: .relaxed).newValue
        let (exchanged, original) = page.pointee.generation.compareExchange(
            expected: 0, desired: next, ordering: .acquiringAndReleasing)
        return exchanged ? next : original
    }
}
