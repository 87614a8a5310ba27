import Testing

@testable import MachineIDC

private func orgKey(_ raw: String) throws(Failure) -> String? {
    try withText(raw) { text throws(Failure) in
        let key = try OrgKey(text, source: Literal("org_key").cString)
        return String(key.text)
    }
}

@Suite struct OrgKeyTests {
    @Test func aKeyIsTrimmed() throws {
        #expect(try orgKey(" \t\norg_abc123\r\n ") == "org_abc123")
        #expect(try orgKey("\u{a0}org_abc123\u{3000}") == "org_abc123")
    }

    @Test func theLongestKeyIsAcceptedAndALongerOneIsRefused() throws {
        let longest = String(repeating: "k", count: OrgKey.maximumBytes)
        #expect(try orgKey(longest) == longest)
        #expect(try orgKey(" \(longest) ") == longest)
        let refusal = failure { () throws(Failure) in _ = try orgKey(longest + "k") }
        #expect(refusal?.status == .invalidArgument)
        #expect(refusal?.message == "org_key is longer than 512 bytes")
    }

    @Test(arguments: ["", " ", "\t\n", "\u{3000}"])
    func anEmptyKeyIsRefused(_ raw: String) {
        let refusal = failure { () throws(Failure) in _ = try orgKey(raw) }
        #expect(refusal?.status == .invalidArgument)
        #expect(refusal?.message.hasPrefix("org_key is empty") == true)
    }

    @Test(arguments: ["a\r\nx-evil: 1", "a\nb", "a b", "a\u{7f}b", "a\u{1}b", "schlüssel", "a\tb", "😀"])
    func aKeyThatIsNotAHeaderValueIsRefusedWithoutQuotingIt(_ raw: String) {
        let refusal = failure { () throws(Failure) in _ = try orgKey(raw) }
        #expect(refusal?.status == .invalidArgument)
        #expect(refusal?.message.hasPrefix("org_key has a space, control or non-ASCII character (byte ") == true)
    }

    @Test func aKeyThatIsNotUTF8IsRefused() {
        let refusal = failure { () throws(Failure) in
            try withBytes([0x6f, 0xff]) { text throws(Failure) in
                _ = try OrgKey(text, source: Literal("MACHINEID_ORG_KEY").cString)
            }
        }
        #expect(refusal?.status == .invalidArgument)
        #expect(refusal?.message.hasPrefix("MACHINEID_ORG_KEY is not UTF-8") == true)
    }
}
