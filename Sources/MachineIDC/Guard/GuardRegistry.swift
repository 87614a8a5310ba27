internal import CPlatform
internal import Synchronization

/// All guard threads of the process, for the two moments that concern them all: exit and fork.
///
/// At exit they are stopped and joined, before the libraries below take themselves apart. In a forked child, where they
/// are not, their guards' descriptors become readable.
enum GuardRegistry {
    private static let first = Atomic<UInt>(0)
    private static let isExiting = Atomic<Bool>(false)
    private static let isWaitingForExit = Atomic<Bool>(false)

    /// Once in a process, after the libraries below have been prepared.
    static func prepare() throws(Failure) {
        let (isFirst, _) = isWaitingForExit.compareExchange(
            expected: false, desired: true, ordering: .acquiringAndReleasing)
        guard isFirst, atexit({ GuardRegistry.stopAll() }) != 0 else { return }
        isWaitingForExit.store(false, ordering: .releasing)
        throw .outOfMemory
    }

    static var hasEnded: Bool { isExiting.load(ordering: .acquiring) }

    static func add(_ thread: UnsafeMutablePointer<GuardThread>) {
        exclusively {
            thread.pointee.next = head
            head = thread
        }
    }

    /// No effect when it is not there.
    static func remove(_ thread: UnsafeMutablePointer<GuardThread>) {
        exclusively {
            if head == thread {
                head = thread.pointee.next
                return
            }
            var other = head
            while let current = other {
                if current.pointee.next == thread { current.pointee.next = thread.pointee.next }
                other = current.pointee.next
            }
        }
    }

    /// At exit.
    private static func stopAll() {
        isExiting.store(true, ordering: .releasing)
        let deadline = Deadline.after(milliseconds: 250)
        while let client = takeFirst() {
            client.stopGuards(until: deadline)
            client.release()
        }
    }

    private static func takeFirst() -> Client? {
        exclusively {
            guard let thread = head else { return nil }
            head = thread.pointee.next
            let client = thread.pointee.client
            client.retain()
            return client
        }
    }

    /// In a forked child, which has this thread only. No other was in the middle of a change: see `ForkGate`.
    static func endInChild() {
        var thread = head
        while let current = thread {
            current.pointee.transport.guards.pointee.live.forEach { $0.knowledge.pointee.signal.raiseInChild() }
            thread = current.pointee.next
        }
        head = nil
    }

    private static var head: UnsafeMutablePointer<GuardThread>? {
        get { UnsafeMutablePointer(bitPattern: first.load(ordering: .acquiring)) }
        set { first.store(UInt(bitPattern: newValue), ordering: .releasing) }
    }

    /// For a few instructions, and never across a fork. Without the page there are no guards, and no threads of theirs.
    private static func exclusively<Result>(_ body: () -> Result) -> Result {
        // A child that has made no call comes here as well, at its exit.
        guard let page = WipedOnFork.own else { return body() }
        return ForkGate.working { page.pointee.guardsLock.exclusively(body) }
    }
}
