internal import CPlatform
internal import Synchronization

/// All guard threads of the process, for the two events that concern all of them: exit and fork.
///
/// At exit they are stopped and joined, before libcurl and OpenSSL release their own resources. In a forked child the
/// threads do not exist, and the descriptors of their guards become readable.
enum GuardRegistry {
    /// The address of the first thread in the list.
    private static let first = Atomic<UInt>(0)
    private static let exiting = Atomic<Bool>(false)
    /// Whether the exit handler is registered.
    private static let isWaitingForExit = Atomic<Bool>(false)

    /// Registers what a forked child does, and, once in a process, the exit handler. Call it after libcurl and OpenSSL
    /// have been initialised, so that it runs before their own handlers.
    static func prepare() throws(Failure) {
        // Each time, so that no guard starts before it is there; it is always the same function.
        ForkHook.setChild { GuardRegistry.makeDescriptorsReadableInChild() }
        let (isFirst, _) = isWaitingForExit.compareExchange(
            expected: false, desired: true, ordering: .acquiringAndReleasing)
        guard isFirst, atexit({ GuardRegistry.stopAll() }) != 0 else { return }
        isWaitingForExit.store(false, ordering: .releasing)
        throw .outOfMemory
    }

    /// Whether the exit handler has begun; from then on no guard may start.
    static var isExiting: Bool { exiting.load(ordering: .acquiring) }

    /// Adds a thread to the list.
    static func add(_ thread: UnsafeMutablePointer<GuardThread>) {
        exclusively {
            thread.pointee.next = head
            head = thread
        }
    }

    /// Removes a thread from the list. Has no effect when it is not there.
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

    /// The exit handler: stops and joins all guard threads, for 250 ms at most.
    private static func stopAll() {
        exiting.store(true, ordering: .releasing)
        let deadline = MonotonicTime.after(milliseconds: 250)
        while let (client, guards) = takeFirst() {
            if !guards.transport.isInherited { guards.stop(until: deadline) }
            client.release()
        }
    }

    /// Removes the first thread from the list. Returns its client, with a reference for the caller, and its guards,
    /// which live as long as the client.
    private static func takeFirst() -> (Client, Guards)? {
        exclusively {
            guard let thread = head else { return nil }
            head = thread.pointee.next
            let client = thread.pointee.client
            client.retain()
            return (client, thread.pointee.guards)
        }
    }

    /// Makes the descriptors of all guards readable in a forked child. The child has only this thread, and the fork
    /// waited until no other thread was in the middle of a change: see `ForkGate`.
    static func makeDescriptorsReadableInChild() {
        var thread = head
        while let current = thread {
            current.pointee.guards.locked.pointee.live.forEach { $0.locked.pointee.descriptor.makeReadableInChild() }
            thread = current.pointee.next
        }
        head = nil
    }

    /// The first thread in the list.
    private static var head: UnsafeMutablePointer<GuardThread>? {
        get { UnsafeMutablePointer(bitPattern: first.load(ordering: .acquiring)) }
        set { first.store(UInt(bitPattern: newValue), ordering: .releasing) }
    }

    /// Runs a change of the list under its lock. A fork waits for it: it lasts a few instructions. In a child
    /// without memory for a page there is no other thread that changes the list, so no lock is needed.
    private static func exclusively<Result>(_ body: () -> Result) -> Result {
        // `current` and not `unchecked`, because a child that has made no call also comes here, at its exit.
        guard let page = PerProcessPage.current else { return body() }
        return ForkGate.holdingOffFork { page.pointee.guardsLock.exclusively(body) }
    }
}
