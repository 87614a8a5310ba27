internal import CPlatform

/// A moment on the clock of ages, which goes on while the machine is suspended, and which no change of the wall clock
/// moves: what was asked before a suspend is as old as it is.
struct Deadline: Comparable {
    private let nanoseconds: Int64

    private init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    static var now: Deadline { Deadline(nanoseconds: Clock.ofAges) }

    static func after(milliseconds: Int) -> Deadline { now.advanced(milliseconds: milliseconds) }

    func advanced(milliseconds: Int) -> Deadline {
        Deadline(nanoseconds: nanoseconds &+ Int64(truncatingIfNeeded: milliseconds) &* 1_000_000)
    }

    /// What is left, rounded up; 0 when it has passed.
    var remainingMilliseconds: Int { Clock.milliseconds(left: nanoseconds &- Deadline.now.nanoseconds) }

    static func < (one: Deadline, other: Deadline) -> Bool { one.nanoseconds < other.nanoseconds }

    var hasPassed: Bool { self <= Deadline.now }

    /// The same moment on the monotonic clock, for waits: no other clock but the wall's can be waited on. That one stands
    /// still during a suspend, so a wait through one ends later, and whoever waited then looks at the deadline.
    var monotonicTime: timespec {
        let left = max(nanoseconds &- Deadline.now.nanoseconds, 0)
        let moment = Clock.read(CLOCK_MONOTONIC) &+ left
        return timespec(
            tv_sec: time_t(truncatingIfNeeded: moment / 1_000_000_000),
            tv_nsec: Int(truncatingIfNeeded: moment % 1_000_000_000))
    }
}
