import Testing

@testable import MachineIDC

private let millisecond: Int64 = 1_000_000

extension Hedging {
    /// Pays for as many hedges as the credit allows, and returns their number.
    fileprivate mutating func credit(at moment: MonotonicTime = .zero) -> Int {
        var count = 0
        while spendCredit(at: moment) { count += 1 }
        return count
    }
}

@Suite struct HedgingTests {
    @Test func beforeTheFirstAnswerItWaitsAQuarterOfTheTime() {
        #expect(Hedging(timeout: 10_000).patience(for: .validate) == 2_500 * millisecond)
        #expect(Hedging(timeout: 1).patience(for: .validate) == millisecond / 4)
    }

    @Test(arguments: [(1, 500), (20, 500), (100, 800), (300, 2_400), (1_000, 2_500)])
    func itWaitsEightTimesTheUsualTime(_ usual: Int64, _ patience: Int64) {
        var hedging = Hedging(timeout: 10_000)
        for _ in 0..<10 { hedging.recordAnswer(to: .validate, after: usual * millisecond) }
        #expect(hedging.patience(for: .validate) == patience * millisecond)
    }

    @Test(arguments: [(40, 100), (90, 180), (200, 200)])
    func itWaitsTwiceTheUsualTimeWhereThatIsMoreThanAQuarter(_ usual: Int64, _ patience: Int64) {
        var hedging = Hedging(timeout: 400)
        hedging.recordAnswer(to: .validate, after: usual * millisecond)
        #expect(hedging.patience(for: .validate) == patience * millisecond)
    }

    @Test func theUsualTimeFollowsTheAnswers() {
        var hedging = Hedging(timeout: 10_000)
        hedging.recordAnswer(to: .validate, after: 200 * millisecond)
        for _ in 0..<100 { hedging.recordAnswer(to: .validate, after: 100 * millisecond) }
        #expect((800...810).contains(hedging.patience(for: .validate) / millisecond))
    }

    @Test func whatIsAskedAboutAllDevicesHasATimeOfItsOwn() {
        var hedging = Hedging(timeout: 10_000)
        for _ in 0..<10 { hedging.recordAnswer(to: .validate, after: millisecond) }
        #expect(!hedging.knowsUsualTime(of: .listDevices))
        #expect(hedging.patience(for: .listDevices) == 2_500 * millisecond)
        hedging.recordAnswer(to: .listDevices, after: 200 * millisecond)
        #expect(hedging.patience(for: .usage) == 1_600 * millisecond)
        #expect(hedging.patience(for: .validate) == 500 * millisecond)
    }

    @Test(arguments: [Int64.min, -1, 0, .max])
    func extremeTimesKeepThePatienceWithinItsBounds(_ time: Int64) {
        var hedging = Hedging(timeout: 10_000)
        for _ in 0..<3 { hedging.recordAnswer(to: .validate, after: time) }
        #expect((500 * millisecond...5_000 * millisecond).contains(hedging.patience(for: .validate)))
    }

    @Test func eightMayBeginAndThenOneForTenAnswers() {
        var hedging = Hedging(timeout: 10_000)
        let first = hedging.credit()
        #expect(first == 8)
        for _ in 0..<9 { hedging.recordAnswer(to: .validate, after: millisecond) }
        let second = hedging.credit()
        #expect(second == 0)
        hedging.recordAnswer(to: .validate, after: millisecond)
        let third = hedging.credit()
        #expect(third == 1)
    }

    @Test func creditComesBackWithTime() {
        var hedging = Hedging(timeout: 10_000)
        let now = MonotonicTime.now
        let first = hedging.credit(at: now)
        #expect(first == 8)
        let tooEarly = hedging.credit(at: now.advanced(milliseconds: 8_000))
        #expect(tooEarly == 0)
        let later = hedging.credit(at: now.advanced(milliseconds: 21_000))
        #expect(later == 2)
        let muchLater = hedging.credit(at: now.advanced(milliseconds: 86_400_000))
        #expect(muchLater == 8)
    }

    @Test func aHedgeThatBringsTheAnswerCostsNothing() {
        var hedging = Hedging(timeout: 10_000)
        for _ in 0..<100 {
            let begins = hedging.spendCredit(at: .zero)
            #expect(begins)
            hedging.refundHedge()
        }
        let left = hedging.credit()
        #expect(left == 8)
    }

    @Test(arguments: [(1, 10), (100, 10), (1_000, 62), (10_000, 100), (3_600_000, 100)])
    func theDriversIntervalFollowsTheTimeout(_ timeout: Int, _ interval: Int) {
        #expect(Hedging(timeout: timeout).interval == interval)
    }
}
