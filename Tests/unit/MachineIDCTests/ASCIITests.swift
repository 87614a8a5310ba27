import Testing

@testable import MachineIDC

@Suite struct ASCIITests {
    @Test(arguments: [
        ("localhost", true), ("LOCALHOST", true), ("LocalHost", true), ("localhos", false), ("localhostx", false),
        ("", false), ("locĀlhost", false), ("loc\u{1}lhost", false), ("localhosT", true),
    ])
    func onlyTheCaseOfLettersMayDiffer(_ text: String, _ isEqual: Bool) {
        let found = text.withCString { equalsIgnoringCase($0, count: text.utf8.count, "localhost") }
        #expect(found == isEqual)
    }

    @Test func otherCharactersMustBeEqual() {
        // The codes of "[" and "{", and of "@" and "`", differ by as much as those of a letter and its capital.
        #expect(!"[@".withCString { equalsIgnoringCase($0, count: 2, "{`") })
        #expect("[@".withCString { equalsIgnoringCase($0, count: 2, "[@") })
    }

    @Test func nothingIsReadPastTheCount() {
        #expect("chunkedly".withCString { equalsIgnoringCase($0, count: 7, "Chunked") })
        #expect("".withCString { equalsIgnoringCase($0, count: 0, "") })
    }
}
