internal import CPlatform

/// The head of a reply while it arrives, line by line. libcurl reads HTTP leniently; what makes the length of a body
/// doubtful is refused here.
struct ReplyHead {
    enum Fault { case tooLarge, doubtfulLength }

    private static var maximumBytes: Int { 64 * 1024 }

    private(set) var bytes = 0
    private(set) var isComplete = false
    private var contentLength: Int?

    /// Takes one line with its line end: of the head, or of the trailers of a chunked body.
    mutating func take(_ line: UnsafePointer<CChar>, count: Int) -> Fault? {
        bytes &+= count
        if bytes > ReplyHead.maximumBytes { return .tooLarge }
        if count <= 2 {
            isComplete = true
        } else if begins(line, count, "HTTP/") {
            // The real head after one with status 100 to 199.
            isComplete = false
            contentLength = nil
        } else if begins(line, count, "Content-Length:") {
            return takeLength(line + 15, count: count &- 15)
        }
        return nil
    }

    /// Digits and nothing else, and the same each time it is said: another reader on the way might understand another
    /// length, and take part of this reply for the next.
    private mutating func takeLength(_ text: UnsafePointer<CChar>, count: Int) -> Fault? {
        var length = 0
        var digits = 0
        var end = count
        while end > 0, isBlank(text[end &- 1]) { end &-= 1 }
        var index = 0
        while index < end, isBlank(text[index]) { index &+= 1 }
        while index < end {
            let digit = Int(text[index]) &- 0x30
            // Eighteen digits fit into any length there is.
            guard digit >= 0, digit <= 9, digits < 18 else { return .doubtfulLength }
            length = length &* 10 &+ digit
            digits &+= 1
            index &+= 1
        }
        guard digits > 0, contentLength ?? length == length else { return .doubtfulLength }
        contentLength = length
        return nil
    }
}

private func isBlank(_ byte: CChar) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a
}

private func begins(_ line: UnsafePointer<CChar>, _ count: Int, _ name: Literal) -> Bool {
    let length = strlen(name.cString)
    // The first byte settles most lines.
    return count >= length && (line[0] | 0x20) == (name.cString[0] | 0x20)
        && strncasecmp(line, name.cString, length) == 0
}
