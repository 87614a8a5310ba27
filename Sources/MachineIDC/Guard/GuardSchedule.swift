/// When a guard asks next. Every pause is drawn by chance, so that a fleet that starts at once, or comes back after an
/// outage, spreads over the interval: docs/fleets.md has what that adds up to. Milliseconds.
struct GuardSchedule {
    /// As long as an answer may well take that has to have a connection made first.
    private static var leastPatience: Int { 1_000 }

    private let interval: Int
    /// Since the last decision.
    private var failures = 0
    private var random: RandomNumber

    init(interval: Int, random: RandomNumber = RandomNumber()) {
        self.interval = interval
        self.random = random
    }

    /// From the first decision to the next check: any moment of the interval.
    mutating func first() -> Int { random.below(interval) &+ 1 }

    /// From the beginning of a check that brought a decision to that of the next: the interval, a tenth more or less.
    mutating func afterDecision() -> Int {
        failures = 0
        return spread(interval, by: interval / 10)
    }

    /// From the beginning of a check that brought none: a quarter of the interval at first, the whole soon, half of it
    /// more or less; and no sooner than the authority asked for, with the interval to spread over.
    ///
    /// - Parameter retryAfter: seconds; 0 when it did not ask.
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
        // An hour at most: what is asked for may be a mistake.
        return max(min(retryAfter, 3_600) &* 1_000 &+ random.below(interval), chosen)
    }

    /// How much sooner a check may come, to come together with others: nanoseconds, a power of two. A 256th of the interval
    /// at most, and 17 ms.
    var step: Int64 {
        let most = min(Int64(truncatingIfNeeded: interval) &* 1_000_000 / 256, 1 << 24)
        return 1 << Int64(63 &- most.leadingZeroBitCount)
    }

    /// How long a check may take. An answer that is older than that is worth nothing.
    func limit(maxAge: Int, timeout: Int) -> Int { min(timeout, maxAge) }

    /// How long a check goes without an answer before another one is made, which the guard must not lapse without. If this
    /// one hangs, the other has as much time: an allow is a tenth more than the interval old when a check begins, at worst.
    /// nil where there is no time for two; and once the guard has lapsed, another has nothing to save.
    func patience(whileOn isOn: Bool, maxAge: Int, timeout: Int) -> Int? {
        let half = max((maxAge &- interval &- interval / 10) / 2, GuardSchedule.leastPatience)
        return isOn && half < limit(maxAge: maxAge, timeout: timeout) ? half : nil
    }

    private mutating func spread(_ pause: Int, by half: Int) -> Int {
        pause &- half &+ random.below(2 &* half &+ 1)
    }
}
