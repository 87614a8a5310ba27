internal import CPlatform
internal import Synchronization

/// What a `mid_guard` handle points to: one device's permission, kept fresh by the `GuardThread` of its client.
///
/// Counted: the handle holds one reference, and so does each thread that waits on it and each check that is under way.
struct Guard: Linked, Placed {
    enum State { case live, denied, ended }

    /// What never changes.
    struct Shared: ~Copyable {
        /// Holds a reference to it.
        let client: Client
        /// Its lock guards `knowledge`.
        let transport: Transport
        let device: CString
        let maxAge: Int
        let permit: Permit
        /// Signalled when there may be less permission than before.
        let changed: Condition
        let knowledge: Box<Knowledge>
        let inherited = InheritedSignal()
    }

    struct Knowledge: ~Copyable {
        var state = State.live
        var references = 1
        var schedule: GuardSchedule
        /// What the authority asked for by Retry-After, since it decided last.
        var notBefore = Deadline.now
        /// Checks that have no answer yet; two at most.
        var underWay = 0
        var checks = 1
        var failuresSinceDecision = 0
        /// The authority's words, and when it was asked for them, on the clock of ages.
        var decision: UnsafeMutablePointer<CChar>?
        var decisionAskedAt: Int64
        /// Why the last check brought no decision.
        var failure: UnsafeMutablePointer<CChar>?
        var signal = GuardSignal()
        /// Among the live guards of the transport: its neighbours, and its place in the order in which they are due.
        var links = Links<Guard>()
        var place: Int?

        init(schedule: GuardSchedule, decisionAskedAt: Int64) {
            self.schedule = schedule
            self.decisionAskedAt = decisionAskedAt
        }

        deinit {
            Failure.freeJSON(decision)
            Failure.freeJSON(failure)
        }
    }

    let shared: UnsafeMutablePointer<Shared>

    /// - Parameter askedAt: when the question was sent whose answer lets it be made.
    init(_ client: Client, _ transport: Transport, device: UnsafePointer<CChar>, _ options: GuardOptions, askedAt: Int64)
        throws(Failure)
    {
        let device = try CString(copying: device)
        let changed = try Condition()
        let knowledge = try Box(
            Knowledge(schedule: GuardSchedule(interval: options.interval), decisionAskedAt: askedAt))
        shared = try allocate(
            Shared(
                client: client, transport: transport, device: device, maxAge: options.maxAge,
                permit: Permit(generation: transport.generation), changed: changed, knowledge: knowledge))
        client.retain()
    }

    init?(handle: OpaquePointer?) {
        guard let handle else { return nil }
        shared = UnsafeMutablePointer(handle)
    }

    var handle: OpaquePointer { OpaquePointer(shared) }
    var knowledge: UnsafeMutablePointer<Knowledge> { shared.pointee.knowledge.pointer }
    var transport: Transport { shared.pointee.transport }

    var links: Links<Guard> {
        get { knowledge.pointee.links }
        nonmutating set { knowledge.pointee.links = newValue }
    }

    var place: Int? {
        get { knowledge.pointee.place }
        nonmutating set { knowledge.pointee.place = newValue }
    }

    static func == (one: Guard, other: Guard) -> Bool { one.shared == other.shared }

    /// In a forked child, where its lock may be held for ever, an inherited guard is left alone.
    var isInherited: Bool { transport.isInherited }

    /// Neither denied nor ended. Locked.
    var isLive: Bool { knowledge.pointee.state == .live }

    /// When it is to be checked next; nil once it is not live any more. Locked.
    var due: Deadline? { transport.guards.pointee.live.due(of: self) }

    /// No effect once it is not live any more. Locked.
    func setDue(_ due: Deadline) { transport.guards.pointee.live.setDue(self, due) }

    /// Or sooner by less than a step, together with others. No effect once it is not live any more. Locked.
    func setDue(_ due: Deadline, step: Int64) { transport.guards.pointee.live.setDue(self, due, step: step) }

    var isAllowed: Bool { shared.pointee.permit.isValid }

    /// The last reference frees the guard and gives back its client.
    @inline(never)
    func release() {
        transport.lock()
        knowledge.pointee.references &-= 1
        let isLast = knowledge.pointee.references == 0
        transport.unlock()
        guard isLast else { return }
        let client = shared.pointee.client
        deallocate(shared)
        client.release()
    }
}

// What becomes of it. Locked.
extension Guard {
    /// - Parameter reply: malloc'd; taken over.
    func accept(isAllow: Bool, _ reply: UnsafeMutablePointer<CChar>?, askedAt: Int64) {
        // An allow whose age nobody knows is none.
        guard isLive, !isAllow || askedAt != Clock.unreadable else {
            return Failure.freeJSON(reply)
        }
        Failure.freeJSON(knowledge.pointee.decision)
        Failure.freeJSON(knowledge.pointee.failure)
        knowledge.pointee.decision = reply
        knowledge.pointee.decisionAskedAt = askedAt
        knowledge.pointee.failure = nil
        knowledge.pointee.failuresSinceDecision = 0
        if isAllow {
            shared.pointee.permit.extend(until: askedAt &+ Int64(shared.pointee.maxAge) &* 1_000_000)
        } else {
            end(.denied)
        }
    }

    /// - Parameter text: malloc'd, or that of a failure; taken over.
    func fail(_ text: UnsafeMutablePointer<CChar>?) {
        Failure.freeJSON(knowledge.pointee.failure)
        knowledge.pointee.failure = text
        knowledge.pointee.failuresSinceDecision &+= 1
        shared.pointee.changed.broadcast()
    }

    /// For good.
    @inline(never)
    func end(_ state: State) {
        guard isLive else { return }
        shared.pointee.permit.withdraw()
        knowledge.pointee.state = state
        transport.guards.pointee.live.remove(self)
        knowledge.pointee.signal.raise()
        shared.pointee.changed.broadcast()
    }
}
