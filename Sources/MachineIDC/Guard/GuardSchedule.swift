/// Computes when a guard is checked next, in milliseconds. Every pause is random, so that a fleet that starts at the
/// same time, or comes back after an outage, spreads over the interval. docs/fleets.md shows the resulting load.
struct GuardSchedule {
    /// Long enough for an answer that needs a new connection first.
    private static var leastPatience: Int { 1_000 }

    private let interval: Int
    /// Checks without a decision since the last decision; counted up to 3.
    private var failures = 0
    private var random: RandomNumber

    /// - Parameter interval: the guard's `interval_ms`.
    init(interval: Int, random: RandomNumber = RandomNumber()) {
        self.interval = interval
        self.random = random
    }

    /// The pause between the first decision and the next check: a random moment of the interval.
    mutating func first() -> Int { random.below(interval) &+ 1 }

    /// The time from the start of a check that brought a decision to the start of the next check: the interval, plus or
    /// minus up to a tenth.
    mutating func afterDecision() -> Int {
        failures = 0
        return spread(interval, by: interval / 10)
    }

    /// The time from the start of a check that brought no decision to the start of the next check: after the first
    /// failure a quarter of the interval, after the second a half, then the whole interval; each plus or minus up to a
    /// half. After Retry-After it is no shorter than what the authority asked for plus a random part of the interval.
    ///
    /// - Parameter retryAfter: in seconds; 0 when the reply had no Retry-After.
    mutating func afterFailure(retryAfter: Int) -> Int {
        failures = min(failures &+ 1, 3)
        let pause =
            switch failures {
            case 1: interval / 4
            case 2: interval / 2
            default: interval
            }
        let chosen = spread(pause, by: pause / 2)
        if retryAfter <= 0 { return max(chosen, 1) }
        // An hour at most, because the value may be a mistake.
        return max(min(retryAfter, 3_600) &* 1_000 &+ random.below(interval), chosen)
    }

    /// By how much a check may be moved forward to come together with others: nanoseconds, a power of two. A 256th of
    /// the interval at most, and no more than 17 ms.
    var alignment: Int64 {
        let most = min(Int64(truncatingIfNeeded: interval) &* 1_000_000 / 256, 1 << 24)
        return 1 << Int64(63 &- most.leadingZeroBitCount)
    }

    /// How long a check may take. An answer older than that is worth nothing.
    func limit(maxAge: Int, timeout: Int) -> Int { min(timeout, maxAge) }

    /// How long to wait for the answer to a check before a second check starts, so that the guard does not lapse. If
    /// the first check hangs, the second has as much time: when a check begins, the last allow is at most 1.1 intervals
    /// old. nil where there is no time for two checks, and when the guard has lapsed, since a second check could then
    /// save nothing.
    func patience(whileOn isOn: Bool, maxAge: Int, timeout: Int) -> Int? {
        let half = max((maxAge &- interval &- interval / 10) / 2, GuardSchedule.leastPatience)
        return isOn && half < limit(maxAge: maxAge, timeout: timeout) ? half : nil
    }

    /// A random number within `half` of `pause`.
    private mutating func spread(_ pause: Int, by half: Int) -> Int {
        pause &- half &+ random.below(2 &* half &+ 1)
    }
}
