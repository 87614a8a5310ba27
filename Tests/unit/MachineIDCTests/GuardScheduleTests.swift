import Testing

@testable import MachineIDC

@Suite struct GuardScheduleTests {
    private func drawn(_ draw: (inout GuardSchedule) -> Int) -> (least: Int, most: Int) {
        var (least, most) = (Int.max, Int.min)
        for seed in 0..<10_000 {
            var schedule = GuardSchedule(interval: 1_000, random: RandomNumber(seed: UInt64(seed) &* 0x9e37_79b9))
            let pause = draw(&schedule)
            (least, most) = (min(least, pause), max(most, pause))
        }
        return (least, most)
    }

    @Test func theFirstCheckComesAtAnyMomentOfTheInterval() {
        let (least, most) = drawn { $0.first() }
        #expect((1...10).contains(least))
        #expect((990...1_000).contains(most))
    }

    @Test func afterADecisionThePauseIsTheIntervalPlusOrMinusATenth() {
        let (least, most) = drawn { $0.afterDecision() }
        #expect((900...902).contains(least))
        #expect((1_098...1_100).contains(most))
    }

    @Test(arguments: [(1, 125, 375), (2, 250, 750), (3, 500, 1_500), (9, 500, 1_500)])
    func afterFailuresThePauseGrowsToTheInterval(_ failures: Int, _ lowest: Int, _ highest: Int) {
        let (least, most) = drawn { schedule in
            (0..<failures).map { _ in schedule.afterFailure(retryAfter: 0) }.last ?? 0
        }
        #expect((lowest...lowest + 20).contains(least))
        #expect((highest - 20...highest).contains(most))
    }

    @Test func aDecisionResetsTheCountOfFailures() {
        let (_, most) = drawn { schedule in
            for _ in 0..<5 { _ = schedule.afterFailure(retryAfter: 0) }
            _ = schedule.afterDecision()
            return schedule.afterFailure(retryAfter: 0)
        }
        #expect(most <= 375)
    }

    @Test func retryAfterIsHonouredAndSpread() {
        let (least, most) = drawn { $0.afterFailure(retryAfter: 30) }
        #expect((30_000...30_010).contains(least))
        #expect((30_990...31_000).contains(most))
    }

    @Test func anAbsurdRetryAfterIsLimitedToAnHour() {
        let (_, most) = drawn { $0.afterFailure(retryAfter: .max) }
        #expect(most <= 3_601_000)
    }

    @Test(arguments: [
        // Two checks that hang, the first begun as late as possible, fit before the lapse. The first row has the
        // defaults.
        (5_000, 15_000, 10_000, 4_750),
        (60_000, 180_000, 60_000, 57_000),
        // There is less time, but a check has at least a second before the next.
        (5_000, 10_000, 10_000, 2_250),
        (1_000, 2_000, 10_000, 1_000),
        (500, 1_500, 10_000, 1_000),
        // timeout_ms ends first.
        (5_000, 15_000, 2_000, nil),
        (60_000, 180_000, 10_000, nil),
        // A check cannot take as long as a second.
        (100, 300, 10_000, nil),
        (20, 40, 10_000, nil),
    ])
    func aCheckThatHangsLeavesTimeForAnother(_ interval: Int, _ maxAge: Int, _ timeout: Int, _ patience: Int?) {
        let schedule = GuardSchedule(interval: interval)
        #expect(schedule.patience(whileOn: true, maxAge: maxAge, timeout: timeout) == patience)
        #expect(schedule.patience(whileOn: false, maxAge: maxAge, timeout: timeout) == nil)
    }

    @Test func aCheckIsLimitedByItsTimeoutAndTheMaximumAge() {
        let schedule = GuardSchedule(interval: 5_000)
        #expect(schedule.limit(maxAge: 15_000, timeout: 10_000) == 10_000)
        #expect(schedule.limit(maxAge: 10_000, timeout: 20_000) == 10_000)
    }

    @Test(arguments: [(20, 1 << 16), (1_000, 1 << 21), (5_000, 1 << 24), (3_600_000, 1 << 24)])
    func checksAreAlignedByATinyPartOfTheInterval(_ interval: Int, _ alignment: Int64) {
        #expect(GuardSchedule(interval: interval).alignment == alignment)
        #expect(alignment <= Int64(interval) * 1_000_000 / 256)
        let origin = MonotonicTime.now
        for milliseconds in [-1_000_000, -7, 0, 1, 17, 4_999, 1_000_000] {
            let due = origin.advanced(milliseconds: milliseconds)
            let moment = due.aligned(to: alignment, after: origin)
            #expect(moment <= due && due < moment.advanced(milliseconds: Int(alignment / 1_000_000) + 1))
            #expect(moment == moment.aligned(to: alignment, after: origin))
        }
        #expect(origin.aligned(to: alignment, after: origin) == origin)
        // There are exactly as many moments as steps of that size in 1,000 milliseconds.
        let moments = (0..<1_000).map { origin.advanced(milliseconds: $0).aligned(to: 1 << 24, after: origin) }
        #expect(Set(moments.map(\.timespec.tv_nsec)).count == 60)
    }

    @Test func theLongestTimesDoNotTrap() {
        let schedule = GuardSchedule(interval: 3_600_000)
        let most = Int(Int32.max)
        #expect(schedule.patience(whileOn: true, maxAge: most, timeout: most) == (most - 3_960_000) / 2)
    }

    @Test func theShortestIntervalStillPauses() {
        var schedule = GuardSchedule(interval: 20)
        for _ in 0..<100 {
            #expect(schedule.first() >= 1)
            #expect(schedule.afterFailure(retryAfter: 0) >= 1)
            #expect(schedule.afterDecision() >= 18)
        }
    }
}
