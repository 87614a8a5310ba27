import Testing

@testable import MachineIDC

/// The TLS content types of handshake messages and, as OpenSSL reports it, of the head of a record.
private let (handshake, recordHead): (Int32, Int32) = (22, 0x100)

/// A watchdog over a run that has to end in so many milliseconds.
private func watchdog(endsIn milliseconds: Int) -> PerformWatchdog {
    var watchdog = PerformWatchdog()
    watchdog.begin(until: MonotonicTime.now.advanced(milliseconds: milliseconds))
    return watchdog
}

/// How many events of this type there may be before TLS must be made to return; nil when it need not.
private func events(
    _ watchdog: inout PerformWatchdog, _ type: Int32, atMost limit: Int, isCancelled: Bool = false
) -> Int? {
    for count in 0..<limit {
        if watchdog.mustBreakTLS(after: type, isCancelled: isCancelled) { return count }
    }
    return nil
}

@Suite struct PerformWatchdogTests {
    @Test func recordsAreNoFloodInTime() {
        var watchdog = watchdog(endsIn: 60_000)
        #expect(events(&watchdog, recordHead, atMost: 100_000) == nil)
        #expect(!watchdog.hasBrokenTLS)
    }

    @Test func tenThousandMessagesAreAFlood() {
        var watchdog = watchdog(endsIn: 60_000)
        #expect(events(&watchdog, handshake, atMost: 100_000) == 10_000)
        // Nobody had to leave: the server is to blame.
        #expect(!watchdog.hasBrokenTLS)
    }

    @Test func pastItsDeadlineTLSIsBrokenAtTheNextLookAtTheClock() {
        var watchdog = watchdog(endsIn: -60_000)
        #expect(events(&watchdog, recordHead, atMost: 1000) == 63)
        #expect(watchdog.hasBrokenTLS)
        #expect(events(&watchdog, recordHead, atMost: 1) == 0)
    }

    @Test func aCancelledClientBreaksTLS() {
        var watchdog = watchdog(endsIn: 60_000)
        #expect(events(&watchdog, recordHead, atMost: 1000, isCancelled: true) == 63)
        #expect(watchdog.hasBrokenTLS)
    }

    @Test func eventsCountOnlyUntilTLSReturns() {
        var watchdog = watchdog(endsIn: -60_000)
        for _ in 0..<100 {
            #expect(events(&watchdog, recordHead, atMost: 40) == nil)
            _ = watchdog.countCallback()
        }
        #expect(!watchdog.hasBrokenTLS)
    }

    @Test func aNewRunStartsAfresh() {
        var watchdog = watchdog(endsIn: -60_000)
        #expect(events(&watchdog, recordHead, atMost: 1000) == 63)
        watchdog.begin(until: MonotonicTime.now.advanced(milliseconds: 60_000))
        #expect(!watchdog.hasBrokenTLS)
        #expect(events(&watchdog, handshake, atMost: 10_000) == nil)
    }
}
