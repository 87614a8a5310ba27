/// When a question that has no answer yet is asked again, beside the first, on a new connection: a network may forget a
/// connection without telling either end.
///
/// After eight times what an answer usually takes, and in any case not before `least` nor after a quarter of
/// `timeout_ms`. An authority that has become slow is not asked everything twice: each such question costs credit, which is
/// given back where the second one brought the answer, and earned by answers, a tenth by each.
struct Hedging {
    /// Nanoseconds: a packet that was lost once has come by then.
    private static var least: Int64 { 500_000_000 }
    static var mostAtOnce: Int { 8 }
    private static var answersPerCredit: Int { 10 }

    /// Nanoseconds.
    private let most: Int64
    /// A moving average of what answers take, in nanoseconds; 0 before the first.
    private var usual: Int64 = 0
    private var answers = Hedging.mostAtOnce &* Hedging.answersPerCredit

    /// - Parameter timeout: milliseconds, for a whole call.
    init(timeout: Int) { most = Int64(truncatingIfNeeded: timeout) &* 1_000_000 / 4 }

    /// How long a question goes without an answer, in nanoseconds.
    var patience: Int64 { usual == 0 ? most : min(max(min(usual, most) &* 8, Hedging.least), most) }

    /// How often the driver looks for such, in milliseconds.
    var interval: Int { min(max(Int(truncatingIfNeeded: most / 4_000_000), 10), 100) }

    /// - Parameter nanoseconds: what it took.
    mutating func noteAnswer(after nanoseconds: Int64) {
        let taken = min(max(nanoseconds, 1), 8 &* most)
        usual = usual == 0 ? taken : max(usual &+ (taken &- usual) / 8, 1)
        earn(1)
    }

    /// Whether there is credit for one.
    mutating func begin() -> Bool {
        guard answers >= Hedging.answersPerCredit else { return false }
        answers &-= Hedging.answersPerCredit
        return true
    }

    /// One of them brought the answer.
    mutating func noteSuccess() { earn(Hedging.answersPerCredit) }

    private mutating func earn(_ more: Int) {
        answers = min(answers &+ more, Hedging.mostAtOnce &* Hedging.answersPerCredit)
    }
}
