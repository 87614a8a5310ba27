/// Decides when a request without an answer is hedged: sent a second time, on a new connection beside the first. A
/// network may forget a connection without telling either end.
///
/// The delay is eight times the typical answer time, but not less than `minimumPatience` and not more than a quarter of
/// `timeout_ms`. Where even twice the typical time is more than that quarter, it is twice the typical time, up to half
/// of `timeout_ms`. Credit limits the number of hedges, so that an authority that has become slow is not sent every
/// request twice: a hedge costs ten answers of credit, each answer and each second earns one, and a hedge that brought
/// the answer gets its ten back.
struct Hedging {
    /// Nanoseconds. A packet that was lost once has been sent again and has arrived by then.
    private static var minimumPatience: Int64 { 500_000_000 }
    /// How many hedges one transport may have in progress; also the largest credit.
    static var mostAtOnce: Int { 8 }
    /// The price of a hedge, in answers.
    private static var answersPerCredit: Int { 10 }

    /// The largest delay where answers are quick, in nanoseconds: a quarter of `timeout_ms`.
    private let maximumPatience: Int64
    /// A moving average of the answer times, in nanoseconds; 0 before the first answer.
    private var typicalTime: Int64 = 0
    /// The credit, counted in answers.
    private var creditInAnswers = Hedging.mostAtOnce &* Hedging.answersPerCredit
    /// The moment up to which seconds have been counted.
    private var earnedUntil = MonotonicTime.now

    /// - Parameter timeout: the time limit of a whole call, in milliseconds.
    init(timeout: Int) { maximumPatience = Int64(truncatingIfNeeded: timeout) &* 1_000_000 / 4 }

    /// How long a request waits for its answer before it is hedged, in nanoseconds.
    var patience: Int64 {
        if typicalTime == 0 { return maximumPatience }
        let typical = min(typicalTime, maximumPatience)
        return max(min(max(typical &* 8, Hedging.minimumPatience), maximumPatience), typical &* 2)
    }

    /// How often the driver looks for requests to hedge, in milliseconds.
    var interval: Int { min(max(Int(truncatingIfNeeded: maximumPatience / 4_000_000), 10), 100) }

    /// Records the time that an answer took, in nanoseconds.
    mutating func recordAnswer(after nanoseconds: Int64) {
        let taken = min(max(nanoseconds, 1), 8 &* maximumPatience)
        typicalTime = typicalTime == 0 ? taken : max(typicalTime &+ (taken &- typicalTime) / 8, 1)
        earn(1)
    }

    /// Pays for a hedge. Returns false when there is not enough credit.
    mutating func spendCredit(at now: MonotonicTime = .now) -> Bool {
        let seconds = now.nanoseconds(since: earnedUntil) / 1_000_000_000
        if seconds > 0 {
            earnedUntil = earnedUntil.advanced(nanoseconds: seconds &* 1_000_000_000)
            earn(Int(truncatingIfNeeded: min(seconds, 1_000)))
        }
        guard creditInAnswers >= Hedging.answersPerCredit else { return false }
        creditInAnswers &-= Hedging.answersPerCredit
        return true
    }

    /// Gives the price back for a hedge that brought the answer.
    mutating func recordUsefulHedge() { earn(Hedging.answersPerCredit) }

    /// Adds credit, up to the largest credit.
    private mutating func earn(_ more: Int) {
        creditInAnswers = min(creditInAnswers &+ more, Hedging.mostAtOnce &* Hedging.answersPerCredit)
    }
}
