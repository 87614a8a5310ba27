internal import CPlatform

/// A moment on CLOCK_MONOTONIC, which is not affected by changes of the wall clock.
struct MonotonicTime: Comparable {
    private let nanoseconds: Int64

    private init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The beginning of the clock. Zeroed memory holds this moment.
    static var zero: MonotonicTime { MonotonicTime(nanoseconds: 0) }

    /// A moment that does not come.
    static var never: MonotonicTime { MonotonicTime(nanoseconds: .max) }

    static var now: MonotonicTime { MonotonicTime(nanoseconds: Clock.read(CLOCK_MONOTONIC)) }

    /// The moment so many milliseconds from now.
    static func after(milliseconds: Int) -> MonotonicTime { now.advanced(milliseconds: milliseconds) }

    func advanced(milliseconds: Int) -> MonotonicTime {
        advanced(nanoseconds: Int64(truncatingIfNeeded: milliseconds) &* 1_000_000)
    }

    func advanced(nanoseconds length: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds &+ length) }

    /// The moment so many nanoseconds before this one.
    func before(nanoseconds length: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds &- length) }

    /// The nanoseconds that have passed since an earlier moment.
    func nanoseconds(since other: MonotonicTime) -> Int64 { nanoseconds &- other.nanoseconds }

    /// This moment, moved back to the nearest multiple of `alignment` after `origin`.
    ///
    /// - Parameter alignment: nanoseconds, a power of two.
    func aligned(to alignment: Int64, after origin: MonotonicTime) -> MonotonicTime {
        MonotonicTime(nanoseconds: origin.nanoseconds &+ ((nanoseconds &- origin.nanoseconds) & ~(alignment &- 1)))
    }

    /// The time left, rounded up; 0 when the moment has passed.
    var remainingMilliseconds: Int { Clock.milliseconds(left: nanoseconds &- MonotonicTime.now.nanoseconds) }

    static func < (one: MonotonicTime, other: MonotonicTime) -> Bool { one.nanoseconds < other.nanoseconds }

    var hasPassed: Bool { self <= MonotonicTime.now }

    /// The moment as an absolute time for libc.
    var timespec: timespec {
        CPlatform.timespec(
            tv_sec: time_t(truncatingIfNeeded: nanoseconds / 1_000_000_000),
            tv_nsec: Int(truncatingIfNeeded: nanoseconds % 1_000_000_000))
    }
}
