/// The guards of a client in one process that are neither denied nor ended, and when each is due. Locked.
///
/// A fork waits until a change is whole: the child looks through the list, and a call that a handler of a signal has forked
/// in two goes on there. Such a fork may cut a change of its own thread in two; a list can be looked through even then, a
/// heap could not.
struct LiveGuards: ~Copyable {
    private var all = LinkedList<Guard>()
    private var byDue = Heap<Guard>()

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
