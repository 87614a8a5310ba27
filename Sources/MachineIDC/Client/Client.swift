internal import CPlatform
internal import Synchronization

/// What a `mid_client` handle points to. It is reference-counted: the handle holds one reference, and so do each call
/// in progress, each guard and the guard thread, so freeing a client never frees memory that a call still uses.
struct Client {
    /// The shared memory. The settings never change; the rest is atomic.
    struct Shared: ~Copyable {
        let settings: Settings
        let references = Atomic<Int>(1)
        let isCancelled = Atomic<Bool>(false)
        /// The address of this process's transport, or, in a forked child, of the parent's until the child makes its
        /// own; 0 before the first call.
        let transport = Atomic<UInt>(0)
        let statistics: Statistics

        init(_ settings: consuming Settings, _ statistics: Statistics) {
            self.settings = settings
            self.statistics = statistics
        }

        deinit {
            if let transport = Transport(address: transport.load(ordering: .acquiring)) {
                transport.isInherited ? transport.closeInherited() : transport.destroy()
            }
            statistics.destroy()
        }
    }

    let shared: UnsafeMutablePointer<Shared>

    /// Makes a client with one reference for the handle. Opens nothing.
    init(_ settings: consuming Settings) throws(Failure) {
        shared = try allocateShared(Shared(settings, Statistics()))
    }

    /// The client behind a handle from the host; nil for NULL.
    init?(handle: OpaquePointer?) {
        guard let handle else { return nil }
        shared = UnsafeMutablePointer(handle)
    }

    /// The handle for the host.
    var handle: OpaquePointer { OpaquePointer(shared) }

    var statistics: Statistics { shared.pointee.statistics }

    var isCancelled: Bool { shared.pointee.isCancelled.load(ordering: .sequentiallyConsistent) }

    /// Ends every call in progress and every later one with `MID_CANCELLED`. Takes the transport's lock.
    func cancel() {
        shared.pointee.isCancelled.store(true, ordering: .sequentiallyConsistent)
        if let transport = currentTransport { transport.cancel() }
    }

    /// Releases the handle's reference, for `mid_client_free`. Cancels the calls in progress and waits for them for 250
    /// ms at most.
    func free() {
        cancel()
        closeInherited()
        if let transport = currentTransport {
            let deadline = MonotonicTime.after(milliseconds: 250)
            transport.closeCompanion(until: deadline)
            transport.drain(until: deadline)
        }
        release()
    }

    /// Takes a reference.
    func retain() {
        shared.pointee.references.wrappingAdd(1, ordering: .relaxed)
    }

    /// Gives a reference back. The last one frees the client.
    @inline(never)
    func release() {
        let left = shared.pointee.references.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
        if left == 0 { destroyShared(shared) }
    }
}

// The transport of the current process.
extension Client {
    /// The published transport, whichever process made it.
    private var transport: Transport? {
        Transport(address: shared.pointee.transport.load(ordering: .sequentiallyConsistent))
    }

    /// The transport, unless it is the parent's.
    var currentTransport: Transport? {
        guard let transport, !transport.isInherited else { return nil }
        return transport
    }

    /// Closes the inherited connections in a child that has made no transport of its own. This cannot be left to the
    /// last reference: the child also inherited the references of the parent's calls and guards, and nothing in the
    /// child releases those.
    private func closeInherited() {
        guard let transport, transport.isInherited else { return }
        let (isMine, _) = shared.pointee.transport.compareExchange(
            expected: UInt(bitPattern: transport.shared), desired: 0, ordering: .sequentiallyConsistent)
        if isMine { transport.closeInherited() }
    }

    /// The transport of this process. The first call makes it; in a forked child it replaces the parent's.
    func usableTransport() throws(Failure) -> Transport {
        let inherited = shared.pointee.transport.load(ordering: .sequentiallyConsistent)
        if let transport = Transport(address: inherited), !transport.isInherited { return transport }
        if isCancelled { throw .cancelled }
        let generation = ForkGeneration.current
        guard generation != 0 else { throw .outOfMemory }
        let made = try Transport(shared.pointee.settings, statistics, generation: generation)
        let (published, present) = shared.pointee.transport.compareExchange(
            expected: inherited, desired: UInt(bitPattern: made.shared), ordering: .sequentiallyConsistent)
        guard published else {
            // Another thread was first: either it published its own transport, or, in a child, it closed the client.
            made.destroy()
            guard let transport = Transport(address: present) else { throw .cancelled }
            return transport
        }
        Transport(address: inherited)?.closeInherited()
        // A cancellation that came meanwhile may have found no transport, or only the parent's.
        if isCancelled { made.cancel() }
        return made
    }
}
