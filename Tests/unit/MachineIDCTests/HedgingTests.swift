import Testing

@testable import MachineIDC

private let millisecond: Int64 = 1_000_000

extension Hedging {
    /// Pays for as many hedges as the credit allows, and returns their number.
    fileprivate mutating func credit() -> Int {
        var count = 0
        while spendCredit() { count += 1 }
        return count
    }
}

@Suite struct HedgingTests {
    @Test func beforeTheFirstAnswerItWaitsAQuarterOfTheTime() {
        #expect(Hedging(timeout: 10_000).patience == 2_500 * millisecond)
        #expect(Hedging(timeout: 1).patience == millisecond / 4)
    }

    @Test(arguments: [(1, 500), (20, 500), (100, 800), (300, 2_400), (1_000, 2_500)])
    func itWaitsEightTimesTheUsualTime(_ usual: Int64, _ patience: Int64) {
        var hedging = Hedging(timeout: 10_000)
        for _ in 0..<10 { hedging.recordAnswer(after: usual * millisecond) }
        #expect(hedging.patience == patience * millisecond)
    }

    @Test func itWaitsAtMostAQuarterOfTheTimeHoweverShort() {
        var hedging = Hedging(timeout: 400)
        hedging.recordAnswer(after: 90 * millisecond)
        #expect(hedging.patience == 100 * millisecond)
    }

    @Test func theUsualTimeFollowsTheAnswers() {
        var hedging = Hedging(timeout: 10_000)
        hedging.recordAnswer(after: 200 * millisecond)
        for _ in 0..<100 { hedging.recordAnswer(after: 100 * millisecond) }
        #expect((800...810).contains(hedging.patience / millisecond))
    }

    @Test(arguments: [Int64.min, -1, 0, .max])
    func extremeTimesKeepThePatienceWithinItsBounds(_ time: Int64) {
        var hedging = Hedging(timeout: 10_000)
        for _ in 0..<3 { hedging.recordAnswer(after: time) }
        #expect((500 * millisecond...2_500 * millisecond).contains(hedging.patience))
    }

    @Test func eightMayBeginAndThenOneForTenAnswers() {
        var hedging = Hedging(timeout: 10_000)
        let first = hedging.credit()
        #expect(first == 8)
        for _ in 0..<9 { hedging.recordAnswer(after: millisecond) }
        let second = hedging.credit()
        #expect(second == 0)
        hedging.recordAnswer(after: millisecond)
        let third = hedging.credit()
        #expect(third == 1)
    }

    @Test func aHedgeThatBringsTheAnswerCostsNothing() {
        var hedging = Hedging(timeout: 10_000)
        for _ in 0..<100 {
            let begins = hedging.spendCredit()
            #expect(begins)
            hedging.recordUsefulHedge()
        }
        let left = hedging.credit()
        #expect(left == 8)
    }

    @Test(arguments: [(1, 10), (100, 10), (1_000, 62), (10_000, 100), (3_600_000, 100)])
    func theDriversIntervalFollowsTheTimeout(_ timeout: Int, _ interval: Int) {
        #expect(Hedging(timeout: timeout).interval == interval)
    }
}
