internal import CPlatform
internal import Synchronization

/// What every process has for itself: a forked child finds all of it at 0, or has a page of its own.
///
/// Where the kernel wipes the page in each child (MADV_WIPEONFORK), no fork goes past that, and a look at the page is all
/// that it takes. Elsewhere the page says which process it is for. A `pthread_atfork` handler starts it anew in a child of
/// `fork()`. In a child of a bare `clone()` or `_Fork()`, which run no handlers, the process id differs; that is looked at
/// when a call begins and before it ends. Only where such a child has its parent's number, as the first process of a PID
/// namespace that another first process has made, is it taken for the parent.
struct WipedOnFork: ~Copyable {
    /// See `ForkGeneration`.
    let generation = Atomic<Int>(0)
    /// The process that the page is for; 0 where the kernel wipes it.
    private let process: pid_t
    /// See `ForkGate`.
    let working = Atomic<Int>(0)
    let forking = Atomic<Int>(0)
    let forker = Atomic<UInt>(0)
    let patienceEnd = Atomic<Int64>(0)
    /// See `Process.prepareCurl`.
    let curlLock = ProcessLock()
    let lookups = Lookups()
    /// See `GuardRegistry`.
    let guardsLock = ProcessLock()
    /// See `prepare`.
    private let handlersLock = ProcessLock()

    private static let address = Atomic<UInt>(0)
    private static let areHandlersSet = Atomic<Bool>(false)
    /// Of the process that forked last.
    private static let generationOfForker = Atomic<Int>(0)

    private init(for process: pid_t) { self.process = process }

    /// The page, at the cost of a load. It may be a parent's, where the kernel does not wipe it, until the first look at
    /// `own`: that is for the beginning of a call, and this is for what follows. Only after `prepare()`.
    static var page: UnsafeMutablePointer<WipedOnFork>? {
        UnsafeMutablePointer(bitPattern: address.load(ordering: .acquiring))
    }

    /// The page, and certainly that of this process. nil without memory. Only after `prepare()`.
    static var own: UnsafeMutablePointer<WipedOnFork>? {
        let page = page
        if let page, page.pointee.isOwn { return page }
        return makePage(inPlaceOf: page)
    }

    var isOwn: Bool { process == 0 || process == getpid() }

    static func prepare() throws(Failure) {
        if page == nil { makeWipedPage() }
        if areHandlersSet.load(ordering: .acquiring) { return }
        guard ForkGeneration.current != 0, let page = own else { throw .outOfMemory }
        try page.pointee.handlersLock.exclusively { () throws(Failure) in
            if areHandlersSet.load(ordering: .acquiring) { return }
            let code = pthread_atfork(
                { WipedOnFork.beginFork() }, { ForkGate.open() }, { WipedOnFork.beginChild() })
            guard code == 0 else { throw .outOfMemory }
            areHandlersSet.store(true, ordering: .releasing)
        }
    }

    private static func makeWipedPage() {
        guard let made = platform_page_wiped_on_fork() else { return }
        let page = made.initializeMemory(as: WipedOnFork.self, to: WipedOnFork(for: 0))
        if publish(page, inPlaceOf: nil) != nil { platform_free_page(made) }
    }

    /// The other one may still be in use, as far as anybody knows.
    @inline(never)
    private static func makePage(inPlaceOf other: UnsafeMutablePointer<WipedOnFork>?) -> UnsafeMutablePointer<WipedOnFork>? {
        guard let made = calloc(1, MemoryLayout<WipedOnFork>.stride) else { return nil }
        let page = made.initializeMemory(as: WipedOnFork.self, to: WipedOnFork(for: getpid()))
        guard let published = publish(page, inPlaceOf: other) else { return page }
        free(made)
        return published
    }

    /// nil when it was published; otherwise another thread was first, and this is that one's.
    private static func publish(
        _ made: UnsafeMutablePointer<WipedOnFork>, inPlaceOf other: UnsafeMutablePointer<WipedOnFork>?
    ) -> UnsafeMutablePointer<WipedOnFork>? {
        let (published, present) = address.compareExchange(
            expected: UInt(bitPattern: other), desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        return published ? nil : UnsafeMutablePointer(bitPattern: present)
    }

    private static func beginFork() {
        generationOfForker.store(ForkGeneration.current, ordering: .relaxed)
        ForkGate.close()
    }

    /// Where the page still says what it said before the fork, it starts anew, whatever the kernel promised. This thread is
    /// the only one, unless a handler before this one has started others, and then it has looked at the page.
    private static func beginChild() {
        if let page, page.pointee.generation.load(ordering: .relaxed) == generationOfForker.load(ordering: .relaxed) {
            page.initialize(to: WipedOnFork(for: getpid()))
        }
        GuardRegistry.endInChild()
    }
}
