internal import CPlatform
internal import Synchronization

/// Data that every process has for itself: in a forked child all of it is 0, or the child has a page of its own.
///
/// The page stores the process that it belongs to, and each call compares that with its process id when it begins and
/// before it ends. Where the kernel wipes the page in each child (MADV_WIPEONFORK), no fork can bypass that, and code
/// that cannot afford a system call reads the page alone. Elsewhere a `pthread_atfork` handler resets the page in a
/// child of `fork()`; a bare `clone()` or `_Fork()` runs no handlers, so the process id is compared each time. There,
/// only a child with its parent's process id is mistaken for the parent: the first process of a PID namespace, made by
/// another first process, can be one.
struct PerProcessPage: ~Copyable {
    /// See `ForkGeneration`.
    let generation = Atomic<Int>(0)
    /// The process that the page belongs to; 0 in a child for which the kernel wiped the page, until its first call.
    private let process: Atomic<pid_t>
    /// How many threads are doing work that a fork must wait for: see `ForkGate`.
    let working = Atomic<Int>(0)
    /// How many forks are in progress.
    let forking = Atomic<Int>(0)
    /// The thread that announced a fork last, until it has forked; 0 from then on.
    let forker = Atomic<UInt>(0)
    /// When the patience of the fork that was announced last ends, on CLOCK_MONOTONIC in nanoseconds.
    let patienceEnd = Atomic<Int64>(0)
    /// Serialises the set-up of the libraries below: see `CurlLibrary`.
    let setupLock = ForkSafeLock()
    /// The threads that libcurl left behind while they resolve names.
    let lookups = Lookups()
    /// Protects the list of guard threads: see `GuardRegistry`.
    let guardsLock = ForkSafeLock()
    /// See `prepare`.
    private let handlersLock = ForkSafeLock()

    /// The address of the page; 0 before `prepare`.
    private static let address = Atomic<UInt>(0)
    /// Whether the `pthread_atfork` handlers are registered.
    private static let areHandlersSet = Atomic<Bool>(false)
    /// The number of the process that forked last.
    private static let generationOfForker = Atomic<Int>(0)
    /// Whether the kernel says that it wipes the page in each child, and no child has found that to be untrue.
    private static let isWiped = Atomic<Bool>(false)

    private init(for process: pid_t) { self.process = Atomic(process) }

    /// The page, for the price of one load. Where the kernel does not wipe it, it may be the parent's until `current`
    /// is read, which the beginning of each call does; later code uses this. Requires `prepare()`.
    static var unchecked: UnsafeMutablePointer<PerProcessPage>? {
        UnsafeMutablePointer(bitPattern: address.load(ordering: .acquiring))
    }

    /// The page of this process, made if the present one is the parent's; nil when memory is refused. Requires
    /// `prepare()`.
    static var current: UnsafeMutablePointer<PerProcessPage>? {
        let page = unchecked
        if let page, page.pointee.isTaken(by: getpid()) { return page }
        return makePage(inPlaceOf: page)
    }

    /// Whether the page belongs to this process. Where the kernel wipes pages, this makes no system call.
    var isOwn: Bool {
        PerProcessPage.isWiped.load(ordering: .relaxed) || process.load(ordering: .relaxed) == getpid()
    }

    /// Whether the page belongs to this process, after a page that the kernel wiped for it has been taken.
    @inline(never)
    private func isTaken(by this: pid_t) -> Bool {
        let owner = process.load(ordering: .relaxed)
        if owner != 0 { return owner == this }
        let (isTaken, other) = process.compareExchange(expected: 0, desired: this, ordering: .relaxed)
        return isTaken || other == this
    }

    /// Makes the page and registers the handlers, once in a process.
    static func prepare() throws(Failure) {
        if unchecked == nil { makeWipedPage() }
        if areHandlersSet.load(ordering: .acquiring) { return }
        guard ForkGeneration.current != 0, let page = current else { throw .outOfMemory }
        try page.pointee.handlersLock.exclusively { () throws(Failure) in
            if areHandlersSet.load(ordering: .acquiring) { return }
            let code = pthread_atfork(
                { PerProcessPage.beginFork() }, { ForkGate.open() }, { PerProcessPage.beginChild() })
            guard code == 0 else { throw .outOfMemory }
            areHandlersSet.store(true, ordering: .releasing)
        }
    }

    /// Publishes a page that the kernel wipes on fork, if the system can provide one.
    private static func makeWipedPage() {
        guard let made = platform_page_wiped_on_fork() else { return }
        let page = made.initializeMemory(as: PerProcessPage.self, to: PerProcessPage(for: getpid()))
        if publish(page, inPlaceOf: nil) != nil { return platform_free_page(made) }
        isWiped.store(true, ordering: .relaxed)
    }

    /// Publishes a page that belongs to this process alone in place of `other`, which is not freed, because another
    /// thread may still be using it. Returns the published page; nil when memory is refused. The page does not come
    /// from the heap: in a child of a bare `clone()`, the heap's lock may be held for ever by a thread of the parent.
    @inline(never)
    private static func makePage(
        inPlaceOf other: UnsafeMutablePointer<PerProcessPage>?
    ) -> UnsafeMutablePointer<PerProcessPage>? {
        guard let made = platform_map_page(MAP_PRIVATE) else { return nil }
        let page = made.initializeMemory(as: PerProcessPage.self, to: PerProcessPage(for: getpid()))
        isWiped.store(false, ordering: .relaxed)
        guard let published = publish(page, inPlaceOf: other) else { return page }
        platform_free_page(made)
        return published
    }

    /// Publishes a page in place of `other`. Returns nil on success; otherwise the page that another thread published
    /// first.
    private static func publish(
        _ made: UnsafeMutablePointer<PerProcessPage>, inPlaceOf other: UnsafeMutablePointer<PerProcessPage>?
    ) -> UnsafeMutablePointer<PerProcessPage>? {
        let (published, present) = address.compareExchange(
            expected: UInt(bitPattern: other), desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        return published ? nil : UnsafeMutablePointer(bitPattern: present)
    }

    /// The handler before a fork.
    private static func beginFork() {
        generationOfForker.store(ForkGeneration.current, ordering: .relaxed)
        ForkGate.close()
    }

    /// The handler in the child. If the page still holds the parent's number, it is reset, whatever the kernel
    /// promised. This is the only thread, unless an earlier handler started others, and those have then read the page
    /// already.
    private static func beginChild() {
        if let page = unchecked,
            page.pointee.generation.load(ordering: .relaxed) == generationOfForker.load(ordering: .relaxed)
        {
            isWiped.store(false, ordering: .relaxed)
            page.initialize(to: PerProcessPage(for: getpid()))
        }
        ForkHook.runChild()
    }
}
