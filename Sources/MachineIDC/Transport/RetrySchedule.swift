/// Decides when to try again: after a pause that doubles each time and is shortened at random, so that many clients do
/// not return at the same moment; or after Retry-After, when the authority asks for longer.
struct RetrySchedule {
    /// Milliseconds.
    private static var firstPause: Int { 100 }
    /// Milliseconds.
    private static var longestPause: Int { 2_000 }

    /// How many further attempts are left.
    private var left: Int
    /// How many more attempts may fail on stale connections. Those are repeated at once and not counted, because each
    /// one has used up a kept connection.
    private var staleLeft: Int
    /// The next pause in milliseconds, before it is shortened.
    private var pause = RetrySchedule.firstPause
    private var random = RandomNumber()

    init(_ settings: borrowing Settings) {
        left = settings.maxRetries
        staleLeft = settings.maxConnections
    }

    /// A schedule that repeats only requests that were lost with a kept connection.
    init(withoutRetries settings: borrowing Settings) {
        left = 0
        staleLeft = settings.maxConnections
    }

    /// Milliseconds until the next attempt; nil when there is to be none, or its pause does not end before the
    /// deadline.
    mutating func next(after attempt: AttemptResult, before deadline: MonotonicTime) -> Int? {
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
        // An hour is as long as the longest time limit.
        let asked = min(max(attempt.retryAfter, 0), 3_600) &* 1_000
        let milliseconds = max(chosen, asked)
        return milliseconds < deadline.remainingMilliseconds ? milliseconds : nil
    }
}
