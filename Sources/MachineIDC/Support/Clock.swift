internal import CPlatform

/// The clocks of the system, in nanoseconds.
enum Clock {
    /// What a clock shows that the system does not let be read: nothing is younger, and no time is left until anything.
    static var unreadable: Int64 { .max }

    static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return unreadable }
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// For ages: it goes on while the machine is suspended.
    static var ofAges: Int64 { read(CLOCK_BOOTTIME) }

    /// What is left, rounded up, so that whoever waits for it does not wake too early; 0 when there is nothing left.
    static func milliseconds(left nanoseconds: Int64) -> Int {
        nanoseconds <= 0 ? 0 : Int(truncatingIfNeeded: (nanoseconds &+ 999_999) / 1_000_000)
    }
}
