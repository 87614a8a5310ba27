internal import CPlatform
internal import Synchronization

/// What a `mid_client` handle points to. Counted: the handle holds one reference and every call inside another, so that
/// freeing a client never takes memory from under a call.
struct Client {
    struct State: ~Copyable {
        let settings: Settings
        let references = Atomic<Int>(1)
        let isCancelled = Atomic<Bool>(false)
        /// The address of the transport of this process, or of the process that it was forked from; 0 before there is one.
        let transport = Atomic<UInt>(0)

        init(_ settings: consuming Settings) { self.settings = settings }

        deinit {
            guard let transport = Transport(address: transport.load(ordering: .acquiring)) else { return }
            transport.isInherited ? transport.forsake() : transport.destroy()
        }
    }

    let state: UnsafeMutablePointer<State>

    init(_ settings: consuming Settings) throws(Failure) {
        state = try allocate(State(settings))
    }

    init?(handle: OpaquePointer?) {
        guard let handle else { return nil }
        state = UnsafeMutablePointer(handle)
    }

    var handle: OpaquePointer { OpaquePointer(state) }

    var isCancelled: Bool { state.pointee.isCancelled.load(ordering: .sequentiallyConsistent) }

    func cancel() {
        state.pointee.isCancelled.store(true, ordering: .sequentiallyConsistent)
        if let transport = currentTransport { transport.cancel() }
    }

    /// Gives the handle's reference back. Calls inside are cancelled and waited for, but not for long.
    func close() {
        cancel()
        dropInherited()
        if let transport = currentTransport {
            let deadline = Deadline.after(milliseconds: 250)
            transport.joinThread(until: deadline)
            transport.drain(until: deadline)
        }
        release()
    }

    /// At exit.
    func stopGuards(until deadline: Deadline) {
        currentTransport?.stopGuards(until: deadline)
    }

    func retain() {
        state.pointee.references.wrappingAdd(1, ordering: .relaxed)
    }

    @inline(never)
    func release() {
        guard state.pointee.references.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        deallocate(state)
    }
}

// The transport of the process at hand.
extension Client {
    private var transport: Transport? {
        Transport(address: state.pointee.transport.load(ordering: .sequentiallyConsistent))
    }

    /// The transport, unless it is that of a parent.
    private var currentTransport: Transport? {
        guard let transport, !transport.isInherited else { return nil }
        return transport
    }

    /// In a child that has made no transport of its own. Not left to the last reference: those that the parent's calls and
    /// guards held were inherited too, and nobody gives them back here.
    private func dropInherited() {
        guard let transport, transport.isInherited else { return }
        let (isMine, _) = state.pointee.transport.compareExchange(
            expected: UInt(bitPattern: transport.shared), desired: 0, ordering: .sequentiallyConsistent)
        if isMine { transport.forsake() }
    }

    /// The transport of this process, made by the first call; in a child, in place of the parent's.
    func usableTransport() throws(Failure) -> Transport {
        let inherited = state.pointee.transport.load(ordering: .sequentiallyConsistent)
        if let transport = Transport(address: inherited), !transport.isInherited { return transport }
        if isCancelled { throw .cancelled }
        let generation = ForkGeneration.current
        guard generation != 0 else { throw .outOfMemory }
        let made = try Transport(state.pointee.settings, generation: generation)
        let (published, present) = state.pointee.transport.compareExchange(
            expected: inherited, desired: UInt(bitPattern: made.shared), ordering: .sequentiallyConsistent)
        guard published else {
            // Another thread was first: it has asked, or closed a child's client.
            made.destroy()
            guard let transport = Transport(address: present) else { throw .cancelled }
            return transport
        }
        Transport(address: inherited)?.forsake()
        // A cancel may have come between and found none, or the parent's.
        if isCancelled { made.cancel() }
        return made
    }
}
