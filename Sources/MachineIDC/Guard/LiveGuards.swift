/// The live guards of a client in one process, and when each is due. All functions require the transport's lock.
///
/// A fork waits until a change is complete, except a fork from a signal handler that interrupted the change. A forked
/// child goes through the guards, so they are in a linked list besides the heap: a list can be followed at every moment
/// of a change, and a heap cannot.
struct LiveGuards: ~Copyable {
    /// The guards in the order in which they were added.
    private var all = LinkedList<Guard>()
    /// The same guards by due time.
    private var byDue = Heap<Guard>()
    /// The moment that due times are aligned to.
    private let origin = MonotonicTime.now

    var isEmpty: Bool { all.first == nil }

    /// The guard that is due first.
    var first: (deviceGuard: Guard, due: MonotonicTime)? { byDue.first.map { ($0.element, $0.moment) } }

    /// When a guard is due; nil when it is not here.
    func due(of deviceGuard: Guard) -> MonotonicTime? { byDue.moment(of: deviceGuard) }

    /// Adds a guard.
    mutating func add(_ deviceGuard: Guard, due: MonotonicTime) throws(Failure) {
        let hasRoom = ForkGate.holdingOffFork {
            guard byDue.reserve() else { return false }
            all.append(deviceGuard)
            byDue.add(deviceGuard, at: due)
            return true
        }
        if !hasRoom { throw .outOfMemory }
    }

    /// Sets when a guard is due. Has no effect when it is not here.
    mutating func setDue(_ deviceGuard: Guard, _ due: MonotonicTime) {
        ForkGate.holdingOffFork { byDue.move(deviceGuard, to: due) }
    }

    /// Sets when a guard is due: at `due`, or up to one `alignment` sooner, so that several guards are due at the same
    /// moment. Waking up for a single check costs up to as much as the check itself. Has no effect when the guard is
    /// not here.
    mutating func setDue(_ deviceGuard: Guard, _ due: MonotonicTime, alignment: Int64) {
        setDue(deviceGuard, due.aligned(to: alignment, after: origin))
    }

    /// Removes a guard. Has no effect when it is not here.
    mutating func remove(_ deviceGuard: Guard) {
        ForkGate.holdingOffFork {
            all.remove(deviceGuard)
            byDue.remove(deviceGuard)
        }
    }

    /// Removes and returns the guard that was added first.
    mutating func removeFirst() -> Guard? {
        guard let deviceGuard = all.first else { return nil }
        remove(deviceGuard)
        return deviceGuard
    }

    func forEach(_ body: (Guard) -> Void) { all.forEach(body) }
}
