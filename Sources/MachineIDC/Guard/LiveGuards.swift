/// The guards of a client in one process that are neither denied nor ended, and when each is due. Locked.
///
/// A fork waits until a change is whole, except for one that a handler of a signal has interrupted to fork. That is why
/// the child, which looks through the guards, goes by a list: it can be followed at every moment of a change, where a
/// heap cannot.
struct LiveGuards: ~Copyable {
    private var all = LinkedList<Guard>()
    private var byDue = Heap<Guard>()
    private let origin = Deadline.now

    var isEmpty: Bool { all.first == nil }

    /// The one that is due first.
    var first: (guarded: Guard, due: Deadline)? { byDue.first.map { ($0.element, $0.moment) } }

    /// nil when it is not there.
    func due(of guarded: Guard) -> Deadline? { byDue.moment(of: guarded) }

    mutating func add(_ guarded: Guard, due: Deadline) throws(Failure) {
        let hasRoom = ForkGate.working {
            guard byDue.reserve() else { return false }
            all.append(guarded)
            byDue.add(guarded, at: due)
            return true
        }
        if !hasRoom { throw .outOfMemory }
    }

    /// No effect when it is not there.
    mutating func setDue(_ guarded: Guard, _ due: Deadline) {
        ForkGate.working { byDue.move(guarded, to: due) }
    }

    /// Then, or sooner by less than a step, when others are due at the very same moment. To wake up for one check costs up to
    /// as much as the check. No effect when it is not there.
    mutating func setDue(_ guarded: Guard, _ due: Deadline, step: Int64) {
        setDue(guarded, due.aligned(to: step, after: origin))
    }

    /// No effect when it is not there.
    mutating func remove(_ guarded: Guard) {
        ForkGate.working {
            all.remove(guarded)
            byDue.remove(guarded)
        }
    }

    mutating func removeFirst() -> Guard? {
        guard let guarded = all.first else { return nil }
        remove(guarded)
        return guarded
    }

    func forEach(_ body: (Guard) -> Void) { all.forEach(body) }
}
