import Testing

@testable import machineid_emulator

@Suite struct DeviceIDTests {
    /// All characters for which `str.isspace()` of Python 3.11 is true.
    static let spaces: [Unicode.Scalar] =
        [0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000].compactMap { Unicode.Scalar($0 as UInt32) }
        + [0x09...0x0D, 0x1C...0x20, 0x2000...0x200A].flatMap {
            ($0 as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init)
        }

    @Test(arguments: spaces)
    func whiteSpaceIsTrimmedAsPythonDoes(space: Unicode.Scalar) throws {
        #expect(try DeviceID(trimming: "\(space)\(space)a b\(space)").text == "a b")
        #expect(throws: Refusal.self) { try DeviceID(trimming: "\(space)") }
    }

    @Test(arguments: ["a", "worker:prod:queue-consumer:07", "\u{200B}a", "a\u{FEFF}", "日本", "é\u{301}"])
    func nothingElseIsTrimmed(text: String) throws {
        #expect(try Array(DeviceID(trimming: text).text.utf8) == Array(text.utf8))
    }

    @Test func idsAreEqualOnlyWhenTheirBytesAre() throws {
        let composed = try DeviceID(trimming: "caf\u{E9}")
        let decomposed = try DeviceID(trimming: "cafe\u{301}")
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, composed]).count == 2)
    }

    @Test func theLengthIsLimitedInBytes() throws {
        #expect(try DeviceID(trimming: String(repeating: "x", count: 512)).text.utf8.count == 512)
        #expect(try DeviceID(trimming: " " + String(repeating: "é", count: 256) + " ").text.utf8.count == 512)
        #expect(throws: Refusal.self) { try DeviceID(trimming: String(repeating: "x", count: 513)) }
        #expect(throws: Refusal.self) { try DeviceID(trimming: String(repeating: "é", count: 257)) }
    }
}
