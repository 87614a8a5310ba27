internal import CPlatform
internal import Synchronization

/// Tells a forked child from its parent, without a system call.
///
/// The number of this process stands in a page that the kernel wipes in a child (MADV_WIPEONFORK), so that a child sees
/// 0 there, however it was forked, and takes the next number. Where the kernel has no such page, a `pthread_atfork`
/// handler takes the next number instead; it takes no lock.
enum ForkGeneration {
    private static let page = Atomic<UInt>(0)
    private static let last = Atomic<Int>(1)

    /// The number of this process. Only after `prepare()`.
    static var current: Int {
        guard let word = UnsafeMutablePointer<Atomic<Int>>(bitPattern: page.load(ordering: .acquiring)) else {
            return last.load(ordering: .acquiring)
        }
        let number = word.pointee.load(ordering: .acquiring)
        return number != 0 ? number : begin(word)
    }

    static func prepare() throws(Failure) {
        guard page.load(ordering: .acquiring) == 0 else { return }
        guard let made = platform_page_wiped_on_fork() else {
            guard pthread_atfork(nil, nil, { ForkGeneration.last.wrappingAdd(1, ordering: .relaxed) }) == 0 else {
                throw .outOfMemory
            }
            return
        }
        let (published, _) = page.compareExchange(
            expected: 0, desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        if !published { platform_free_page(made) }
    }

    /// The first look in a process: one thread's number wins.
    private static func begin(_ word: UnsafeMutablePointer<Atomic<Int>>) -> Int {
        let next = last.wrappingAdd(1, ordering: .relaxed).newValue
        let (exchanged, original) = word.pointee.compareExchange(
            expected: 0, desired: next, ordering: .acquiringAndReleasing)
        return exchanged ? next : original
    }
}
