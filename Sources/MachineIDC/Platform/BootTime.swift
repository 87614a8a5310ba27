internal import CPlatform

/// A moment on CLOCK_BOOTTIME, which goes on while the machine is suspended. Used for the age of answers.
struct BootTime {
    /// Since the machine was started.
    let nanoseconds: Int64

    /// The moment at which the machine was started, also for results that no request has a part in.
    static var zero: BootTime { BootTime(nanoseconds: 0) }

    static var now: BootTime { BootTime(nanoseconds: Clock.read(CLOCK_BOOTTIME)) }

    /// Whether the clock could be read.
    var isKnown: Bool { nanoseconds != Clock.unreadable }

    func advanced(milliseconds: Int) -> BootTime {
        BootTime(nanoseconds: nanoseconds &+ Int64(truncatingIfNeeded: milliseconds) &* 1_000_000)
    }

    /// The nanoseconds that have passed since an earlier moment.
    func nanoseconds(since other: BootTime) -> Int64 { nanoseconds &- other.nanoseconds }

    /// The same in milliseconds, rounded down; 0 when the other moment is later.
    func milliseconds(since other: BootTime) -> Int { Int(max(nanoseconds(since: other), 0) / 1_000_000) }
}
