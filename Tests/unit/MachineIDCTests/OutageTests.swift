import Testing

@testable import MachineIDC

/// Which statuses are outages, and which of these a later try may find over.
@Suite struct OutageTests {
    @Test func exactlyTheseStatusesAreOutages() {
        let found = (-1...1_000).filter { Outage(httpStatus: $0) != nil }
        #expect(found == [408, 429] + Array(500...599))
    }

    @Test func allMayPassExceptWhatTheAuthorityCannotDoAtAll() {
        let forGood = (0...1_000).filter { Outage(httpStatus: $0)?.isTransient == false }
        #expect(forGood == [501, 505])
    }

    @Test func onlyRequestTimeoutIsAboutTheConnection() {
        #expect((0...1_000).filter { Outage(httpStatus: $0)?.isAboutConnection == true } == [408])
    }
}
