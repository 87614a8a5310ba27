internal import CTool

/// Comparisons of texts byte by byte. Swift's own comparison treats a composed and a decomposed é as equal, but to the
/// authority they are two devices; it would also bring Unicode's tables into the program.
extension String {
    init(bytes: some Collection<UInt8>) {
        self = String(decoding: bytes, as: UTF8.self)
    }

    func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    func begins(with prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

    /// The text without white space at both ends, as the library trims a device id.
    var trimmed: String {
        var bytes = utf8[...]
        while let byte = bytes.first, byte.isWhiteSpace { bytes.removeFirst() }
        while let byte = bytes.last, byte.isWhiteSpace { bytes.removeLast() }
        return String(bytes: bytes)
    }

    /// The parts between the separators; empty ones too.
    func parts(separatedBy separator: UInt8, limit: Int = Int.max) -> [String] {
        utf8.split(separator: separator, maxSplits: limit - 1, omittingEmptySubsequences: false)
            .map { String(bytes: $0) }
    }

    /// The text with spaces after it, so that it takes up `width` columns.
    func padded(to width: Int) -> String {
        let missing = width - columns
        return missing > 0 ? self + String(repeating: " ", count: missing) : self
    }

    /// How many columns of a terminal it takes up.
    var columns: Int { withCString { Int(tool_columns($0)) } }

    /// The text in lines of at most `width` columns, broken between words. A longer word has its own line.
    func wrapped(to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in parts(separatedBy: 0x20) {
            if !line.isEmpty && line.columns + 1 + word.columns > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? word : " " + word
        }
        return lines + [line]
    }

    /// The text for a terminal that is `columns` wide, in lines that all begin at column `indent`. The caller prints
    /// what stands before the first one.
    func hanging(at indent: Int, in columns: Int) -> String {
        // A terminal that does not say its width, or is too narrow for this, breaks lines itself.
        guard columns >= indent + 30 else { return self }
        return wrapped(to: columns - indent).joined(by: "\n" + String(repeating: " ", count: indent))
    }

    /// The text with every control character written as an escape, such as `\x1b`. Text from an authority or a
    /// file must not move the cursor of a terminal, and must not begin another column or row.
    var withoutControls: String {
        var escaped: [UInt8] = []
        let hex = Array("0123456789abcdef".utf8)
        var isAfterC2 = false
        for byte in utf8 {
            // In UTF-8 the control characters from U+0080 to U+009F are C2 80 to C2 9F.
            if byte.isControl || (isAfterC2 && byte < 0xa0) {
                if isAfterC2 { escaped.removeLast() }
                escaped += [0x5c, 0x78, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
                isAfterC2 = false
            } else {
                escaped.append(byte)
                isAfterC2 = byte == 0xc2
            }
        }
        return String(bytes: escaped)
    }
}

extension UInt8 {
    var isControl: Bool { self < 0x20 || self == 0x7f }
    var isWhiteSpace: Bool { self == 0x20 || (0x09...0x0d).contains(self) }
}

extension Array where Element == String {
    func joined(by separator: String) -> String {
        var text = ""
        for (index, part) in enumerated() { text += index == 0 ? part : separator + part }
        return text
    }
}
