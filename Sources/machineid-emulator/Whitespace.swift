extension String {
    /// The text as Python's `str.strip()` returns it. Python also counts the separators U+001C to U+001F as white
    /// space.
    func trimmingWhitespace() -> String {
        // There is nearly always nothing to trim, and then no need for Unicode properties.
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
    /// Whether this is a visible ASCII character.
    var isGraphicASCII: Bool { (0x21...0x7E).contains(self) }
}
