import Testing

@testable import MachineIDC

/// What is an outage, and which of them a new try may find over.
@Suite struct OutageTests {
    @Test func theseAreAndNoOthers() {
        let found = (-1...1_000).filter { Outage(httpStatus: $0) != nil }
        #expect(found == [408, 429] + Array(500...599))
    }

    @Test func allMayPassButWhatTheAuthorityCannotDoAtAll() {
        let forGood = (0...1_000).filter { Outage(httpStatus: $0)?.mayPass == false }
        #expect(forGood == [501, 505])
    }

    @Test func oneIsAboutTheConnection() {
        #expect((0...1_000).filter { Outage(httpStatus: $0)?.isAboutConnection == true } == [408])
    }
}
