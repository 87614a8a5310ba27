extension String {
    /// What Python's `str.strip()` leaves: it also takes the separators U+001C to U+001F for white space.
    func trimmingWhitespace() -> String {
        // Nearly always there is nothing to trim, and no need to ask Unicode.
        if let first = utf8.first, let last = utf8.last, first.isGraphicASCII, last.isGraphicASCII { return self }
        func isSpace(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
        }
        guard let first = unicodeScalars.firstIndex(where: { !isSpace($0) }),
            let last = unicodeScalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(unicodeScalars[first...last])
    }
}

extension UInt8 {
    /// A character of ASCII that leaves ink.
    var isGraphicASCII: Bool { (0x21...0x7E).contains(self) }
}
