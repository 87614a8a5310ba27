internal import CTool

enum Clock {
    /// Milliseconds on the monotonic clock, which nobody can set.
    static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    /// The time in UTC, such as 2026-01-31T09:15:00.123Z.
    static var utc: String {
        var text = [CChar](repeating: 0, count: 32)
        tool_utc_time(&text)
        return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }

    /// The time of day of a time in UTC, such as 09:15:00Z. A person at a terminal knows the date.
    static func timeOfDay(_ utc: String) -> String { String(bytes: utc.utf8.dropFirst(11).prefix(8)) + "Z" }

    static func sleep(_ milliseconds: Int) {
        var left = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        withUnsafeMutablePointer(to: &left) { left in
            while nanosleep(left, left) != 0 && tool_errno() == EINTR {}
        }
    }
}
