internal import CPlatform

/// A moment on the monotonic clock, which no change of the wall clock moves.
struct Deadline: Comparable {
    private let nanoseconds: Int64

    private init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    static var now: Deadline { Deadline(nanoseconds: Clock.read(CLOCK_MONOTONIC)) }

    static func after(milliseconds: Int) -> Deadline { now.advanced(milliseconds: milliseconds) }

    func advanced(milliseconds: Int) -> Deadline {
        Deadline(nanoseconds: nanoseconds &+ Int64(truncatingIfNeeded: milliseconds) &* 1_000_000)
    }

    /// This moment or a little before it: a multiple of so many nanoseconds, a power of two, after another one.
    func aligned(to step: Int64, after origin: Deadline) -> Deadline {
        Deadline(nanoseconds: origin.nanoseconds &+ ((nanoseconds &- origin.nanoseconds) & ~(step &- 1)))
    }

    /// What is left, rounded up; 0 when it has passed.
    var remainingMilliseconds: Int { Clock.milliseconds(left: nanoseconds &- Deadline.now.nanoseconds) }

    static func < (one: Deadline, other: Deadline) -> Bool { one.nanoseconds < other.nanoseconds }

    var hasPassed: Bool { self <= Deadline.now }

    var timespec: timespec {
        CPlatform.timespec(
            tv_sec: time_t(truncatingIfNeeded: nanoseconds / 1_000_000_000),
            tv_nsec: Int(truncatingIfNeeded: nanoseconds % 1_000_000_000))
    }
}
