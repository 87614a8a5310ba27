/// When to try again: after a pause that doubles each time, shortened by chance so that many clients do not return all at
/// once; after Retry-After, where the authority asks for longer.
struct RetrySchedule {
    private static var firstPause: Int { 100 }
    private static var longestPause: Int { 2_000 }

    private var left: Int
    /// Attempts on stale connections are repeated at once and not counted: each has cost one kept connection.
    private var staleLeft: Int
    private var pause = RetrySchedule.firstPause
    private var random = RandomNumber()

    init(_ settings: borrowing Settings) {
        left = settings.maxRetries
        staleLeft = settings.maxConnections
    }

    /// Repeats only what was lost with a kept connection.
    init(withoutRetries settings: borrowing Settings) {
        left = 0
        staleLeft = settings.maxConnections
    }

    /// Milliseconds until the next attempt; nil when this one was the last, or the pause does not fit before the
    /// deadline.
    mutating func next(after attempt: Attempt, before deadline: Deadline) -> Int? {
        guard attempt.mayBeRetried else { return nil }
        if attempt.wasStale, staleLeft > 0 {
            staleLeft &-= 1
            return 0
        }
        guard left > 0 else { return nil }
        left &-= 1
        let half = pause / 2
        let chosen = half &+ random.below(half &+ 1)
        pause = min(pause &* 2, RetrySchedule.longestPause)
        // An hour is longer than any deadline.
        let asked = min(max(attempt.retryAfter, 0), 3_600) &* 1_000
        let milliseconds = max(chosen, asked)
        return milliseconds < deadline.remainingMilliseconds ? milliseconds : nil
    }
}
