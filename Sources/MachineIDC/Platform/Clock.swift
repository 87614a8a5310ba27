internal import CPlatform

/// The system's clocks, in nanoseconds.
enum Clock {
    /// Returned when `clock_gettime` fails. It is later than any deadline, so that everything counts as expired.
    static var unreadable: Int64 { .max }

    /// The time on a clock.
    static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return unreadable }
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Nanoseconds as milliseconds, rounded up so that a wait of this length does not end too early; 0 when none are
    /// left.
    static func milliseconds(left nanoseconds: Int64) -> Int {
        nanoseconds <= 0 ? 0 : Int(truncatingIfNeeded: (nanoseconds &+ 999_999) / 1_000_000)
    }
}
