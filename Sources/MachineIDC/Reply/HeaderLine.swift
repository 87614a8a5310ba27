internal import CPlatform

/// One line of a head, without its line end. It is a view of libcurl's memory.
struct HeaderLine {
    private let text: HeaderText

    /// nil when the line has no line end. A line feed alone counts as one, as HTTP/1.1 allows.
    init?(_ line: UnsafePointer<CChar>, count: Int) {
        guard count > 0, line[count &- 1] == 0x0a else { return nil }
        let hasReturn = count > 1 && line[count &- 2] == 0x0d
        text = HeaderText(start: line, count: count &- (hasReturn ? 2 : 1))
    }

    var isEmpty: Bool { text.count == 0 }

    /// The name and the value, without spaces and tabs around the value; nil when the line is no header: it has no
    /// name, a blank before or within the name (as in a folded line), or a NUL or carriage return within the line.
    var field: (name: HeaderText, value: HeaderText)? {
        var end = 0
        while end < text.count, (0x21...0x7e).contains(text.start[end]), text.start[end] != 0x3a { end &+= 1 }
        guard end > 0, end < text.count, text.start[end] == 0x3a else { return nil }
        let value = HeaderText(start: text.start + (end &+ 1), count: text.count &- end &- 1)
        guard !value.contains(0x00), !value.contains(0x0d) else { return nil }
        return (HeaderText(start: text.start, count: end), value.trimmed)
    }

    /// The version and the number in a status line: "HTTP/1.0" or "HTTP/1.1", a space, three digits, and then either
    /// the end of the line or a space and a reason. nil for any other line.
    var status: (isOld: Bool, number: Int)? {
        let protocolName: Literal = "HTTP/1."
        guard text.count >= 12, memcmp(text.start, protocolName.cString, 7) == 0 else { return nil }
        let version = text.start[7]
        guard version == 0x30 || version == 0x31, text.start[8] == 0x20 else { return nil }
        guard text.count == 12 || text.start[12] == 0x20, !text.contains(0x00), !text.contains(0x0d) else { return nil }
        guard let number = HeaderText(start: text.start + 9, count: 3).number else { return nil }
        return (version == 0x30, number)
    }
}

/// A part of a header line.
struct HeaderText {
    let start: UnsafePointer<CChar>
    let count: Int

    /// Whether this is the name, apart from the case of ASCII letters.
    func matches(_ name: Literal) -> Bool {
        // The first letter rules out most names.
        count > 0 && start[0] | 0x20 == name.cString[0] | 0x20 && equalsIgnoringCase(start, count: count, name)
    }

    func contains(_ byte: Int32) -> Bool { memchr(start, byte, count) != nil }

    /// The text without spaces and tabs at both ends.
    var trimmed: HeaderText {
        var end = count
        while end > 0, HeaderText.isSpaceOrTab(start[end &- 1]) { end &-= 1 }
        var first = 0
        while first < end, HeaderText.isSpaceOrTab(start[first]) { first &+= 1 }
        return HeaderText(start: start + first, count: end &- first)
    }

    /// The number, when the text is 1 to 18 digits and nothing else. That is more than any real length and fits into an
    /// Int.
    var number: Int? {
        guard count > 0, count <= 18 else { return nil }
        var number = 0
        var index = 0
        while index < count {
            let digit = Int(start[index]) &- 0x30
            guard digit >= 0, digit <= 9 else { return nil }
            number = number &* 10 &+ digit
            index &+= 1
        }
        return number
    }

    /// Whether a byte is a space or a tab.
    private static func isSpaceOrTab(_ byte: CChar) -> Bool { byte == 0x20 || byte == 0x09 }
}
