internal import CPlatform

/// A moment on CLOCK_MONOTONIC, which is not affected by changes of the wall clock.
struct Deadline: Comparable {
    private let nanoseconds: Int64

    private init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    static var now: Deadline { Deadline(nanoseconds: Clock.read(CLOCK_MONOTONIC)) }

    /// The moment so many milliseconds from now.
    static func after(milliseconds: Int) -> Deadline { now.advanced(milliseconds: milliseconds) }

    func advanced(milliseconds: Int) -> Deadline {
        Deadline(nanoseconds: nanoseconds &+ Int64(truncatingIfNeeded: milliseconds) &* 1_000_000)
    }

    /// This moment, moved back to the nearest multiple of `alignment` after `origin`.
    ///
    /// - Parameter alignment: nanoseconds, a power of two.
    func aligned(to alignment: Int64, after origin: Deadline) -> Deadline {
        Deadline(nanoseconds: origin.nanoseconds &+ ((nanoseconds &- origin.nanoseconds) & ~(alignment &- 1)))
    }

    /// The time left, rounded up; 0 when the moment has passed.
    var remainingMilliseconds: Int { Clock.milliseconds(left: nanoseconds &- Deadline.now.nanoseconds) }

    static func < (one: Deadline, other: Deadline) -> Bool { one.nanoseconds < other.nanoseconds }

    var hasPassed: Bool { self <= Deadline.now }

    /// The moment as an absolute time for libc.
    var timespec: timespec {
        CPlatform.timespec(
            tv_sec: time_t(truncatingIfNeeded: nanoseconds / 1_000_000_000),
            tv_nsec: Int(truncatingIfNeeded: nanoseconds % 1_000_000_000))
    }
}
