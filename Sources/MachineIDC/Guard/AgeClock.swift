internal import CPlatform

/// Clocks in nanoseconds. An age is measured on the one that goes on while the machine is suspended.
enum AgeClock {
    static func now() -> Int64 { read(CLOCK_BOOTTIME) }

    static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
