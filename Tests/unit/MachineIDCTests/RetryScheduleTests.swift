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

private let failed = AttemptResult(httpStatus: 503)

@Suite struct RetryScheduleTests {
    private let soon = MonotonicTime.after(milliseconds: 3_600_000)

    @Test func anAttemptThatMayNotBeRetriedIsNot() throws {
        var schedule = try schedule(retries: 10)
        let pause = schedule.next(after: AttemptResult(httpStatus: 200), before: soon)
        #expect(pause == nil)
    }

    @Test(arguments: 0...10)
    func thereAreAsManyRetriesAsAllowed(_ retries: Int) throws {
        var schedule = try schedule(retries: retries)
        let pauses = (0...retries).map { _ in schedule.next(after: failed, before: soon) }
        #expect(pauses.dropLast().allSatisfy { $0 != nil })
        #expect(pauses.last == .some(nil))
    }

    /// Each row is a failure and the first pause after it, in milliseconds. 0 stands for a connection that broke.
    @Test(arguments: [(0, 100), (408, 100), (429, 100), (500, 100), (503, 100)])
    func pausesDoubleUpToALimitAndVary(_ httpStatus: Int, _ first: Int) throws {
        var seen: [Set<Int>] = Array(repeating: [], count: 8)
        for _ in 0..<200 {
            var schedule = try schedule(retries: 8)
            for round in 0..<8 {
                let next = schedule.next(after: AttemptResult(httpStatus: httpStatus), before: soon)
                let pause = try #require(next)
                seen[round].insert(pause)
            }
        }
        for (round, pauses) in seen.enumerated() {
            let longest = min(first << round, 2_000)
            let shortest = try #require(pauses.min())
            let most = try #require(pauses.max())
            #expect(shortest >= longest / 2 && most <= longest, "pause \(round + 1): from \(shortest) to \(most) ms")
            #expect(pauses.count > 10, "pause \(round + 1) varies")
        }
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
        let attempt = AttemptResult(httpStatus: 503, retryAfter: seconds)
        let pause = schedule.next(after: attempt, before: .after(milliseconds: left))
        #expect(pause == expected)
    }

    @Test(arguments: [0, -1, Int.min])
    func retryAfterWithoutATimeIsIgnored(_ seconds: Int) throws {
        var schedule = try schedule(retries: 10)
        let next = schedule.next(after: AttemptResult(httpStatus: 429, retryAfter: seconds), before: soon)
        let pause = try #require(next)
        #expect(pause >= 50 && pause <= 100)
    }

    @Test func staleConnectionsCostNoRetryUpToALimit() throws {
        var schedule = try schedule(retries: 0, connections: 3)
        let stale = AttemptResult(httpStatus: 0, wasStale: true)
        let pauses = (0...3).map { _ in schedule.next(after: stale, before: soon) }
        #expect(pauses == [0, 0, 0, nil])
    }
}

extension AttemptResult {
    /// - Parameter httpStatus: 0 for a connection that broke before the reply.
    fileprivate init(httpStatus: Int, wasStale: Bool = false, retryAfter: Int = 0) {
        let isReply = httpStatus != 0
        self.init(
            code: isReply ? CURLE_OK : CURLE_RECV_ERROR, failureKind: isReply ? nil : .connectionLost,
            hasReply: isReply, httpStatus: httpStatus,
            mayBeRetried: !isReply || Outage(httpStatus: httpStatus)?.isTransient == true, wasStale: wasStale,
            retryAfter: retryAfter)
    }
}
