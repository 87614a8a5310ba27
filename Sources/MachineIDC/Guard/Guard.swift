internal import CPlatform
internal import Synchronization

/// What a `mid_guard` handle points to: the permission of one device, which the `GuardThread` of its client keeps
/// fresh.
///
/// It is reference-counted: the handle holds one reference, and so do each thread that waits for the guard and each
/// check in progress. "Requires the lock" below means the lock of the guard's transport.
struct Guard: ListElement, HeapElement {
    /// `live`: on or lapsed. The other two are final.
    enum State { case live, denied, ended }

    /// The members that never change, and those that need no lock.
    struct Shared: ~Copyable {
        /// The guard holds a reference to the client.
        let client: Client
        /// The guards of the same client and process. Their transport's lock protects `locked`.
        let guards: Guards
        let device: CString
        /// Milliseconds: how old an allow may be.
        let maxAge: Int
        /// What `mid_guard_allowed` reads, without a lock.
        let permit: Permit
        /// Signalled when the guard ends and when a check fails, so that `wait` looks at the permit again.
        let changed: Condition
        let locked: Box<Locked>
        /// The descriptor that a forked child makes, where the parent had made none.
        let inherited = InheritedGuardDescriptor()
    }

    /// The members that the transport's lock protects.
    struct Locked: ~Copyable {
        var state = State.live
        var references = 1
        var schedule: GuardSchedule
        /// No check before this moment: what the authority asked for with Retry-After since its last decision.
        var notBefore = MonotonicTime.now
        /// How many checks have no answer yet; two at most.
        var underWay = 0
        /// How many checks have been made, the one before the guard's start included.
        var checks = 1
        var failuresSinceDecision = 0
        /// The authority's last decision as it came, malloc'd.
        var decision: UnsafeMutablePointer<CChar>?
        /// When the request with that decision was sent.
        var decisionSentAt: BootTime
        /// Why the last check brought no decision: a text for `Failure.freeJSON`. NULL after a decision.
        var failure: UnsafeMutablePointer<CChar>?
        /// The descriptor that becomes readable when the guard ends.
        var descriptor = GuardDescriptor()
        /// The guard's neighbours in the transport's list of live guards, and its index in the heap by due time.
        var links = ListLinks<Guard>()
        /// See `HeapElement`.
        var heapIndex: Int?

        init(schedule: GuardSchedule, decisionSentAt: BootTime) {
            self.schedule = schedule
            self.decisionSentAt = decisionSentAt
        }

        deinit {
            Failure.freeJSON(decision)
            Failure.freeJSON(failure)
        }
    }

    let shared: UnsafeMutablePointer<Shared>

    /// Makes a guard without a decision, with one reference for the handle. `acceptFirstDecision` gives it the first
    /// decision.
    ///
    /// - Parameter sentAt: when the request with the first decision was sent.
    init(_ client: Client, _ guards: Guards, device: UnsafePointer<CChar>, _ options: GuardOptions, sentAt: BootTime)
        throws(Failure)
    {
        let device = try CString(copying: device)
        let changed = try Condition()
        let locked = try Box(
            Locked(schedule: GuardSchedule(interval: options.interval), decisionSentAt: sentAt))
        shared = try allocateShared(
            Shared(
                client: client, guards: guards, device: device, maxAge: options.maxAge,
                permit: Permit(generation: guards.transport.generation), changed: changed, locked: locked))
        client.retain()
    }

    /// The guard behind a handle from the host; nil for NULL.
    init?(handle: OpaquePointer?) {
        guard let handle else { return nil }
        shared = UnsafeMutablePointer(handle)
    }

    /// The handle for the host.
    var handle: OpaquePointer { OpaquePointer(shared) }
    var locked: UnsafeMutablePointer<Locked> { shared.pointee.locked.pointer }
    var guards: Guards { shared.pointee.guards }
    var transport: Transport { guards.transport }

    var links: ListLinks<Guard> {
        get { locked.pointee.links }
        nonmutating set { locked.pointee.links = newValue }
    }

    var heapIndex: Int? {
        get { locked.pointee.heapIndex }
        nonmutating set { locked.pointee.heapIndex = newValue }
    }

    static func == (one: Guard, other: Guard) -> Bool { one.shared == other.shared }

    /// Whether this process was forked from the one that made the guard. Then the lock may be held for ever, so such a
    /// guard must not be touched beyond its descriptors.
    var isInherited: Bool { transport.isInherited }

    /// Whether the guard is neither denied nor ended. Requires the lock.
    var isLive: Bool { locked.pointee.state == .live }

    /// When the guard is to be checked next; nil when it is not live. Requires the lock.
    var due: MonotonicTime? { guards.locked.pointee.live.due(of: self) }

    /// Sets when the guard is to be checked next. Has no effect when it is not live. Requires the lock.
    func setDue(_ due: MonotonicTime) { guards.locked.pointee.live.setDue(self, due) }

    /// The same, but up to one `alignment` sooner, so that the check comes together with others. Requires the lock.
    func setDue(_ due: MonotonicTime, alignment: Int64) {
        guards.locked.pointee.live.setDue(self, due, alignment: alignment)
    }

    /// Whether the device may run now. Needs no lock.
    var isAllowed: Bool { shared.pointee.permit.isValid }

    /// Gives a reference back. The last one frees the guard and releases its client.
    @inline(never)
    func release() {
        transport.lock()
        locked.pointee.references &-= 1
        let isLast = locked.pointee.references == 0
        transport.unlock()
        guard isLast else { return }
        let client = shared.pointee.client
        destroyShared(shared)
        client.release()
    }
}

// Changes of a guard's state. All of them require the lock.
extension Guard {
    /// Records a decision: renews the permit, or ends the guard as denied. Has no effect when the guard is not live.
    ///
    /// - Parameters:
    ///   - reply: malloc'd; this function takes ownership.
    ///   - sentAt: when the request was sent.
    func accept(isAllowed: Bool, _ reply: UnsafeMutablePointer<CChar>?, sentAt: BootTime) {
        // An allow of unknown age does not count.
        guard isLive, !isAllowed || sentAt.isKnown else {
            return Failure.freeJSON(reply)
        }
        Failure.freeJSON(locked.pointee.decision)
        Failure.freeJSON(locked.pointee.failure)
        locked.pointee.decision = reply
        locked.pointee.decisionSentAt = sentAt
        locked.pointee.failure = nil
        locked.pointee.failuresSinceDecision = 0
        if isAllowed {
            shared.pointee.permit.extend(until: sentAt.advanced(milliseconds: shared.pointee.maxAge))
        } else {
            end(.denied)
        }
    }

    /// Records that a check brought no decision. The permit stays as it is, and expires by itself.
    ///
    /// - Parameter text: the reason, a text for `Failure.freeJSON`; this function takes ownership.
    func fail(_ text: UnsafeMutablePointer<CChar>?) {
        Failure.freeJSON(locked.pointee.failure)
        locked.pointee.failure = text
        locked.pointee.failuresSinceDecision &+= 1
        shared.pointee.changed.broadcast()
    }

    /// Ends the guard for good, as `denied` or `ended`, and makes its descriptor readable. Has no effect when it is not
    /// live.
    @inline(never)
    func end(_ state: State) {
        guard isLive else { return }
        shared.pointee.permit.expire()
        locked.pointee.state = state
        guards.locked.pointee.live.remove(self)
        guards.countEnded(state, 1)
        locked.pointee.descriptor.makeReadable()
        shared.pointee.changed.broadcast()
    }
}
