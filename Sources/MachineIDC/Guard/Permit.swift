internal import CPlatform
internal import Synchronization

/// The permission to run, with its end: what `mid_guard_allowed` looks at, without a lock and from any thread.
///
/// One read of the exact clock, which goes on during suspend. There are cheaper clocks, but none that both counts a
/// suspend and cannot be set: whoever trusts one of them says yes for too long, however rarely.
struct Permit: ~Copyable {
    /// On the clock of ages; 0 for no permission.
    private let end = Atomic<Int64>(0)
    /// The process that the permission is for.
    private let generation: Int

    init(generation: Int) { self.generation = generation }

    var isValid: Bool {
        guard ForkGeneration.isCurrent(generation) else { return false }
        // A clock that cannot be read is past every end. The end comes after it, so that no withdrawal goes unseen meanwhile.
        let now = Clock.ofAges
        return now < end.load(ordering: .acquiring)
    }

    /// Milliseconds until the end, rounded up.
    var remaining: Int { Clock.milliseconds(left: end.load(ordering: .acquiring) &- Clock.ofAges) }

    /// - Parameter moment: on the clock of ages.
    func extend(until moment: Int64) { end.store(moment, ordering: .releasing) }

    func withdraw() { end.store(0, ordering: .releasing) }
}
