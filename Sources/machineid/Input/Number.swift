/// Numbers from the command line.
enum Number {
    /// Seconds with at most three decimals, such as 1.5, as milliseconds.
    static func milliseconds(_ text: String, _ option: String, _ range: ClosedRange<Int>) throws(Failure) -> Int {
        let parts = text.parts(separatedBy: 0x2e)
        var fraction = parts.count == 2 ? parts[1] : ""
        while fraction.utf8.count < 3 { fraction += "0" }
        guard parts.count <= 2, fraction.utf8.count == 3, let whole = digits(parts[0]), let part = digits(fraction),
            whole <= 10_000_000, range.contains(whole * 1000 + part)
        else {
            let limits = "\(seconds(range.lowerBound)) to \(seconds(range.upperBound))"
            throw .usage("\(option) must be from \(limits) seconds, not '\(text)'")
        }
        return whole * 1000 + part
    }

    static func whole(_ text: String, _ option: String, _ range: ClosedRange<Int>) throws(Failure) -> Int {
        guard let number = digits(text), range.contains(number) else {
            throw .usage(
                "\(option) must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'")
        }
        return number
    }

    /// Milliseconds as seconds, without zeros at the end.
    static func seconds(_ milliseconds: Int) -> String {
        let rest = milliseconds % 1000
        if rest == 0 { return "\(milliseconds / 1000)" }
        var decimals = "\(1000 + rest)".utf8.dropFirst()
        while decimals.last == 0x30 { decimals.removeLast() }
        return "\(milliseconds / 1000).\(String(bytes: decimals))"
    }

    /// nil unless the text is 1 to 9 digits.
    private static func digits(_ text: String) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return text.utf8.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
