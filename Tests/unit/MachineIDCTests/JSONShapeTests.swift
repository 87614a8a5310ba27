import Testing

@testable import MachineIDC

private func exceeds(_ text: String, _ limit: Int, values: Int = .max) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return false }
        let shape = JSONShape(base, count: buffer.count)
        return shape.exceeds(values: values) || shape.firstPlace(deeperThan: limit) != nil
    }
}

@Suite struct JSONShapeTests {
    @Test func theDepthCountsBracketsOutsideStrings() {
        #expect(!exceeds("[[]]", 2))
        #expect(exceeds("[[]]", 1))
        #expect(exceeds(#"{"a":{"b":[]}}"#, 2))
        #expect(!exceeds(#"{"a":{"b":[]}}"#, 3))
        #expect(!exceeds(#"["[[[[","{{{{\"[[["]"#, 1))
        #expect(exceeds(#"["\\",[[]]]"#, 2))
        #expect(!exceeds(#"["\\\"[[["]"#, 1))
    }

    @Test func manyBracketsSideBySideAreNotDeep() {
        #expect(!exceeds("[" + String(repeating: "[],", count: 10_000) + "[]]", 2))
        #expect(exceeds("[" + String(repeating: "[],", count: 10_000) + "[[]]]", 2))
    }

    @Test(arguments: 0...600)
    func theCountIsRightAcrossBlocks(_ padding: Int) {
        let text = String(repeating: "[", count: 65) + String(repeating: " ", count: padding)
        #expect(exceeds(text, 64))
        #expect(!exceeds(text, 65))
        #expect(exceeds(String(repeating: " ", count: padding) + String(repeating: "{", count: 65), 64))
    }

    @Test func valuesAreCountedByTheirOpeningBracketsAndCommas() {
        #expect(!exceeds("[1,2,3]", 9, values: 3))
        #expect(exceeds("[1,2,3]", 9, values: 2))
        #expect(exceeds(#"[{"a":1},{"b":[]}]"#, 9, values: 4))
        #expect(!exceeds(#"[{"a":1},{"b":[]}]"#, 9, values: 5))
    }

    @Test func textThatIsNotJSONIsOnlyCounted() {
        #expect(!exceeds("", 0))
        #expect(!exceeds("]]]]", 0))
        #expect(!exceeds("\"", 0))
        #expect(!exceeds("\"\\", 0))
        #expect(exceeds(String(repeating: "[", count: 1_000_000), 64))
    }
}
