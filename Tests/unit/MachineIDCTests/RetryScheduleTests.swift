import CCurl
import Testing

@testable import MachineIDC

private func schedule(retries: Int, connections: Int = 8) throws(Failure) -> RetrySchedule {
    try withText("org_test") { key throws(Failure) in
        try withText(#"{"max_retries":\#(retries),"max_connections":\#(connections)}"#) { options throws(Failure) in
            let settings = try Settings(orgKey: key, options: options)
            return RetrySchedule(settings)
        }
    }
}

private let failed = AttemptResult(mayBeRetried: true)

@Suite struct RetryScheduleTests {
    private let soon = MonotonicTime.after(milliseconds: 3_600_000)

    @Test func anAttemptThatMayNotBeRetriedIsNot() throws {
        var schedule = try schedule(retries: 10)
        let pause = schedule.next(after: AttemptResult(mayBeRetried: false), before: soon)
        #expect(pause == nil)
    }

    @Test(arguments: 0...10)
    func thereAreAsManyRetriesAsAllowed(_ retries: Int) throws {
        var schedule = try schedule(retries: retries)
        let pauses = (0...retries).map { _ in schedule.next(after: failed, before: soon) }
        #expect(pauses.dropLast().allSatisfy { $0 != nil })
        #expect(pauses.last == .some(nil))
    }

    @Test func pausesDoubleUpToALimitAndVary() throws {
        var seen: [Set<Int>] = Array(repeating: [], count: 8)
        for _ in 0..<200 {
            var schedule = try schedule(retries: 8)
            for round in 0..<8 {
                let longest = min(100 << round, 2_000)
                let next = schedule.next(after: failed, before: soon)
                let pause = try #require(next)
                #expect(pause >= longest / 2 && pause <= longest)
                seen[round].insert(pause)
            }
        }
        for pauses in seen { #expect(pauses.count > 10) }
    }

    @Test func aPauseThatDoesNotFitIsNotStarted() throws {
        var schedule = try schedule(retries: 10)
        let pause = schedule.next(after: failed, before: .after(milliseconds: 10))
        #expect(pause == nil)
    }

    @Test(arguments: [
        (30, 3_600_000, 30_000), (1, 3_600_000, 1_000), (30, 20_000, nil), (4_000, 3_600_000, nil),
        (1_000_000_000, 3_600_000, nil), (Int.max, 3_600_000, nil),
    ])
    func retryAfterIsHonouredWhenItFits(_ seconds: Int, _ left: Int, _ expected: Int?) throws {
        var schedule = try schedule(retries: 10)
        let attempt = AttemptResult(mayBeRetried: true, retryAfter: seconds)
        let pause = schedule.next(after: attempt, before: .after(milliseconds: left))
        #expect(pause == expected)
    }

    @Test(arguments: [0, -1, Int.min])
    func retryAfterWithoutATimeIsIgnored(_ seconds: Int) throws {
        var schedule = try schedule(retries: 10)
        let next = schedule.next(after: AttemptResult(mayBeRetried: true, retryAfter: seconds), before: soon)
        let pause = try #require(next)
        #expect(pause >= 50 && pause <= 100)
    }

    @Test func staleConnectionsCostNoRetryUpToALimit() throws {
        var schedule = try schedule(retries: 0, connections: 3)
        let stale = AttemptResult(mayBeRetried: true, wasStale: true)
        let pauses = (0...3).map { _ in schedule.next(after: stale, before: soon) }
        #expect(pauses == [0, 0, 0, nil])
    }
}

extension AttemptResult {
    fileprivate init(mayBeRetried: Bool, wasStale: Bool = false, retryAfter: Int = 0) {
        self.init(
            code: CURLE_OK, failureKind: nil, hasReply: true, httpStatus: mayBeRetried ? 503 : 200, mayBeRetried: mayBeRetried, wasStale: wasStale,
            retryAfter: retryAfter)
    }
}
