/// Decides when a request without an answer is hedged: sent a second time, on a new connection beside the first. A
/// network may forget a connection without telling either end.
///
/// The delay is eight times the usual answer time, but not less than `least` and not more than a quarter of
/// `timeout_ms`. Credit limits the number of hedges, so that an authority that has become slow is not sent every
/// request twice: a hedge costs ten answers of credit, each answer earns one, and a hedge that brought the answer gets
/// its ten back.
struct Hedging {
    /// Nanoseconds. A packet that was lost once has been sent again and has arrived by then.
    private static var least: Int64 { 500_000_000 }
    /// How many hedges one transport may have in progress; also the largest credit.
    static var mostAtOnce: Int { 8 }
    /// The price of a hedge, in answers.
    private static var answersPerCredit: Int { 10 }

    /// The largest delay, in nanoseconds: a quarter of `timeout_ms`.
    private let most: Int64
    /// A moving average of the answer times, in nanoseconds; 0 before the first answer.
    private var usual: Int64 = 0
    /// The credit, counted in answers.
    private var answers = Hedging.mostAtOnce &* Hedging.answersPerCredit

    /// - Parameter timeout: the time limit of a whole call, in milliseconds.
    init(timeout: Int) { most = Int64(truncatingIfNeeded: timeout) &* 1_000_000 / 4 }

    /// How long a request waits for its answer before it is hedged, in nanoseconds.
    var patience: Int64 { usual == 0 ? most : min(max(min(usual, most) &* 8, Hedging.least), most) }

    /// How often the driver looks for requests to hedge, in milliseconds.
    var interval: Int { min(max(Int(truncatingIfNeeded: most / 4_000_000), 10), 100) }

    /// Records the time that an answer took, in nanoseconds.
    mutating func noteAnswer(after nanoseconds: Int64) {
        let taken = min(max(nanoseconds, 1), 8 &* most)
        usual = usual == 0 ? taken : max(usual &+ (taken &- usual) / 8, 1)
        earn(1)
    }

    /// Pays for a hedge. Returns false when there is not enough credit.
    mutating func begin() -> Bool {
        guard answers >= Hedging.answersPerCredit else { return false }
        answers &-= Hedging.answersPerCredit
        return true
    }

    /// Gives the price back for a hedge that brought the answer.
    mutating func noteSuccess() { earn(Hedging.answersPerCredit) }

    /// Adds credit, up to the largest credit.
    private mutating func earn(_ more: Int) {
        answers = min(answers &+ more, Hedging.mostAtOnce &* Hedging.answersPerCredit)
    }
}
