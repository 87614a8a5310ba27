/// How long a call may take: by the monotonic clock, which waits go by, and by the clock of ages, which goes on while the
/// machine is suspended. An answer that is older than the limit by either decides nothing.
struct TimeLimit {
    let deadline: Deadline
    /// On the clock of ages.
    private let end: Int64

    /// From now on. Throws where the clock of ages cannot be read: then nobody knows how old an answer is.
    init(milliseconds: Int) throws(Failure) {
        let now = Clock.ofAges
        guard now != Clock.unreadable else { throw Failure(.internal, "CLOCK_BOOTTIME cannot be read") }
        deadline = .after(milliseconds: milliseconds)
        end = now &+ Int64(truncatingIfNeeded: milliseconds) &* 1_000_000
    }

    /// What is left, rounded up; 0 when it is over.
    var remainingMilliseconds: Int {
        min(deadline.remainingMilliseconds, Clock.milliseconds(left: end &- Clock.ofAges))
    }

    var isOver: Bool { remainingMilliseconds == 0 }
}
