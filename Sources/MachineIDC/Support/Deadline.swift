internal import CPlatform

/// A moment on the monotonic clock, which no change of the wall clock moves.
struct Deadline {
    private let nanoseconds: Int64

    private init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    static func after(milliseconds: Int) -> Deadline {
        Deadline(nanoseconds: now() &+ Int64(truncatingIfNeeded: milliseconds) &* 1_000_000)
    }

    /// What is left, rounded up, so that whoever waits for it does not wake too early; 0 when it has passed.
    var remainingMilliseconds: Int {
        let left = nanoseconds &- Deadline.now()
        return left <= 0 ? 0 : Int(truncatingIfNeeded: (left &+ 999_999) / 1_000_000)
    }

    var hasPassed: Bool { nanoseconds <= Deadline.now() }

    var timespec: timespec {
        CPlatform.timespec(
            tv_sec: time_t(truncatingIfNeeded: nanoseconds / 1_000_000_000),
            tv_nsec: Int(truncatingIfNeeded: nanoseconds % 1_000_000_000))
    }

    private static func now() -> Int64 {
        var time = CPlatform.timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
