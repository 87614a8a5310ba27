extension String {
    /// The text in double quotes, with everything escaped that could break a line or reach a terminal as a command.
    /// What follows the first `maximum` characters is cut off.
    func quoted(maximum: Int) -> String {
        var quoted = "\""
        for scalar in unicodeScalars.prefix(maximum) {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            default: quoted += scalar.isPrintable ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return quoted + (unicodeScalars.count > maximum ? "…\"" : "\"")
    }

    /// The text as it stands when it is plain ASCII without spaces and quotes, and quoted otherwise.
    func quotedIfNecessary(maximum: Int) -> String {
        let isPlain = utf8.allSatisfy { $0.isGraphicASCII && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        return isPlain && (1...maximum).contains(utf8.count) ? self : quoted(maximum: maximum)
    }
}

extension Unicode.Scalar {
    /// False for control characters, invisible marks, and characters that end a line or change its direction.
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
