internal import CPlatform
internal import Synchronization

/// What every process has for itself: a forked child finds all of it at 0, however it was forked.
///
/// The kernel sees to that (MADV_WIPEONFORK). Where it cannot, a `pthread_atfork` handler does, which a bare `clone()`
/// goes past.
struct WipedOnFork: ~Copyable {
    /// See `ForkGeneration`.
    let generation = Atomic<Int>(0)
    /// See `ForkGate`.
    let working = Atomic<Int>(0)
    let forking = Atomic<Int>(0)
    /// See `Process.prepareCurl`.
    let curlLock = ProcessLock()
    let lookups = Lookups()
    /// See `GuardRegistry`.
    let guardsLock = ProcessLock()

    private static let address = Atomic<UInt>(0)
    private static let isKernelWiping = Atomic<Bool>(true)
    private static let areHandlersSet = Atomic<Bool>(false)

    /// Only after `prepare()`.
    static var page: UnsafeMutablePointer<WipedOnFork>? {
        UnsafeMutablePointer(bitPattern: address.load(ordering: .acquiring))
    }

    static func prepare() throws(Failure) {
        try makePage()
        if areHandlersSet.load(ordering: .acquiring) { return }
        // Setting them twice does no harm: threads that come here at the same time do.
        let code = pthread_atfork({ ForkGate.close() }, { ForkGate.open() }, { WipedOnFork.beginChild() })
        guard code == 0 else { throw .outOfMemory }
        areHandlersSet.store(true, ordering: .releasing)
    }

    private static func makePage() throws(Failure) {
        guard page == nil else { return }
        let wiped = platform_page_wiped_on_fork()
        guard let made = wiped ?? calloc(1, MemoryLayout<WipedOnFork>.stride) else { throw .outOfMemory }
        if wiped == nil { isKernelWiping.store(false, ordering: .relaxed) }
        made.initializeMemory(as: WipedOnFork.self, to: WipedOnFork())
        let (published, _) = address.compareExchange(
            expected: 0, desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        if !published { wiped != nil ? platform_free_page(made) : free(made) }
    }

    private static func beginChild() {
        wipe()
        GuardRegistry.endInChild()
    }

    private static func wipe() {
        guard let page, !isKernelWiping.load(ordering: .relaxed) else { return }
        page.pointee.generation.store(0, ordering: .relaxed)
        page.pointee.working.store(0, ordering: .relaxed)
        page.pointee.curlLock.unlock()
        page.pointee.guardsLock.unlock()
        page.pointee.forking.store(0, ordering: .releasing)
    }
}
