/// Decides when a request without an answer is hedged: sent a second time, on another connection beside the first. A
/// network may forget a connection without telling either end.
///
/// The delay is eight times the usual time of an answer to such a request, but not less than `minimumPatience` and not
/// more than a quarter of `timeout_ms`. Where even twice the usual time is more than that quarter, it is twice the
/// usual time, up to half of `timeout_ms`. Credit limits the number of hedges, so that an authority that has become
/// slow is not sent every request twice: a hedge costs ten answers of credit, each answer and each second earns one,
/// and a hedge that brought the answer gets its ten back.
struct Hedging {
    /// Nanoseconds. A packet that was lost once has been sent again and has arrived by then.
    private static var minimumPatience: Int64 { 500_000_000 }
    /// How many hedges one transport may have in progress; also the largest credit.
    static var mostAtOnce: Int { 8 }
    /// The price of a hedge, in answers.
    private static var answersPerCredit: Int { 10 }

    /// The largest delay where answers are quick, in nanoseconds: a quarter of `timeout_ms`.
    private let maximumPatience: Int64
    /// Moving averages of the answer times, in nanoseconds; 0 before the first answer. What is asked about the whole
    /// organisation, with GET, may take much longer than what is asked about one device.
    private var usualTimes: (ofDevice: Int64, ofOrganisation: Int64) = (0, 0)
    /// The credit, counted in answers.
    private var creditInAnswers = Hedging.mostAtOnce &* Hedging.answersPerCredit
    /// The moment up to which seconds have been counted.
    private var earnedUntil = MonotonicTime.now

    /// - Parameter timeout: the time limit of a whole call, in milliseconds.
    init(timeout: Int) { maximumPatience = Int64(truncatingIfNeeded: timeout) &* 1_000_000 / 4 }

    private func usualTime(of endpoint: Endpoint) -> Int64 {
        endpoint.method == .get ? usualTimes.ofOrganisation : usualTimes.ofDevice
    }

    /// Whether there was an answer to such a request.
    func knowsUsualTime(of endpoint: Endpoint) -> Bool { usualTime(of: endpoint) != 0 }

    /// How long a request waits for its answer before it is hedged, in nanoseconds.
    func patience(for endpoint: Endpoint) -> Int64 {
        guard knowsUsualTime(of: endpoint) else { return maximumPatience }
        let usual = min(usualTime(of: endpoint), maximumPatience)
        return max(min(max(usual &* 8, Hedging.minimumPatience), maximumPatience), usual &* 2)
    }

    /// How often the driver looks for requests to hedge, in milliseconds.
    var interval: Int { min(max(Int(truncatingIfNeeded: maximumPatience / 4_000_000), 10), 100) }

    /// Records the time that an answer took, in nanoseconds.
    mutating func recordAnswer(to endpoint: Endpoint, after nanoseconds: Int64) {
        let taken = min(max(nanoseconds, 1), 8 &* maximumPatience)
        let usual = usualTime(of: endpoint)
        let updated = usual == 0 ? taken : max(usual &+ (taken &- usual) / 8, 1)
        if endpoint.method == .get { usualTimes.ofOrganisation = updated } else { usualTimes.ofDevice = updated }
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

    /// Gives the price of a hedge back.
    mutating func refundHedge() { earn(Hedging.answersPerCredit) }

    /// Adds credit, up to the largest credit.
    private mutating func earn(_ more: Int) {
        creditInAnswers = min(creditInAnswers &+ more, Hedging.mostAtOnce &* Hedging.answersPerCredit)
    }
}
