import Testing

@testable import MachineIDC

private func trimmed(_ bytes: [UInt8]) -> [UInt8]? {
    try? withBytes(bytes) { text in
        UTF8Text(trimming: text).map { found in
            (0..<found.count).map { UInt8(bitPattern: found.start[$0]) }
        }
    }
}

@Suite struct UTF8TextTests {
    /// Every character that Python's `str.isspace` calls white space and `str.strip` removes.
    private static let whiteSpace: [Unicode.Scalar] = [
        0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
        0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
    ].compactMap { Unicode.Scalar($0 as UInt32) }

    @Test(arguments: whiteSpace)
    func whiteSpaceIsRemovedAtBothEndsAndKeptInside(_ space: Unicode.Scalar) {
        let text = "\(space)\(space)a\(space)b\(space)"
        #expect(trimmed(Array(text.utf8)) == Array("a\(space)b".utf8))
        #expect(trimmed(Array("\(space)".utf8)) == [])
    }

    @Test(arguments: ["a", "worker:prod:queue-consumer:07", "größe", "設備", "😀", "\u{10ffff}", "\u{200b}", "\u{feff}"])
    func textWithoutWhiteSpaceStays(_ text: String) {
        #expect(trimmed(Array(text.utf8)) == Array(text.utf8))
    }

    @Test(arguments: [
        [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xc2], [0xc2, 0x41], [0xe0, 0x80, 0x80], [0xe0, 0x9f, 0xbf],
        [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xf0, 0x80, 0x80, 0x80], [0xf0, 0x8f, 0xbf, 0xbf],
        [0xf0, 0x9f, 0x98], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0xfe],
    ] as [[UInt8]])
    func invalidUTF8IsRefusedInAnyPlace(_ bytes: [UInt8]) {
        #expect(trimmed(bytes) == nil)
        #expect(trimmed([0x41] + bytes) == nil)
        #expect(trimmed(bytes + [0x41]) == nil)
        #expect(trimmed([0x20] + bytes + [0x20]) == nil)
    }

    @Test func everyScalarIsReadAsSwiftReadsIt() {
        for value in stride(from: 1 as UInt32, through: 0x10ffff, by: 1) {
            guard let scalar = Unicode.Scalar(value), value % 7 == 1 || value < 0x3100 else { continue }
            let bytes = Array(String(Character(scalar)).utf8)
            let expected = UTF8TextTests.whiteSpace.contains(scalar) ? [] : bytes
            if trimmed(bytes) != expected { Issue.record("U+\(String(value, radix: 16))") }
        }
    }
}
