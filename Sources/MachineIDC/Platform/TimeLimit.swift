/// How long a call may take, measured by two clocks: CLOCK_MONOTONIC, which waits use, and CLOCK_BOOTTIME, which goes
/// on while the machine is suspended. An answer that is older than the limit by either clock decides nothing.
struct TimeLimit {
    /// The end of the limit on CLOCK_MONOTONIC.
    let deadline: MonotonicTime
    /// The end of the limit on CLOCK_BOOTTIME.
    private let end: BootTime

    /// Begins now. Throws when CLOCK_BOOTTIME cannot be read, because then the age of an answer is unknown.
    init(milliseconds: Int) throws(Failure) {
        let now = BootTime.now
        guard now.isKnown else { throw Failure(.internal, "CLOCK_BOOTTIME cannot be read") }
        deadline = .after(milliseconds: milliseconds)
        end = now.advanced(milliseconds: milliseconds)
    }

    /// The time left at a moment, rounded up; 0 when the limit is over. CLOCK_BOOTTIME goes on whenever CLOCK_MONOTONIC
    /// does, so it alone is asked.
    func remainingMilliseconds(at now: BootTime) -> Int { Clock.milliseconds(left: end.nanoseconds(since: now)) }

    var isOver: Bool { remainingMilliseconds(at: .now) == 0 }

    /// Whether the machine was suspended since the limit began. Reading two clocks takes a moment, in which the thread
    /// may have to wait, so less than a tenth of a second does not count.
    var wasSuspended: Bool {
        let asleep = deadline.nanoseconds(since: .now) &- end.nanoseconds(since: .now)
        return asleep >= 100_000_000
    }
}
