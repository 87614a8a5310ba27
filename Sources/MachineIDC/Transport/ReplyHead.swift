internal import CPlatform

/// The head of a reply while it arrives, line by line. libcurl reads HTTP leniently; what makes the length of a body
/// doubtful is refused here.
struct ReplyHead {
    enum Fault { case tooLarge, doubtfulLength }

    private static var maximumBytes: Int { 64 * 1024 }

    private(set) var bytes = 0
    private(set) var isComplete = false
    private var contentLength: Int?
    private var isChunked = false

    /// Whether the reply says where its body ends, and does not leave that to the end of the connection.
    var isFramed: Bool { contentLength != nil || isChunked }

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
            isChunked = false
        } else if begins(line, count, "Content-Length:") {
            return takeLength(line + 15, count: count &- 15)
        } else if begins(line, count, "Transfer-Encoding:") {
            let value = trimmed(line + 18, count: count &- 18)
            isChunked = value.count == 7 && strncasecmp(value.start, Literal("chunked").cString, 7) == 0
        }
        return nil
    }

    /// Digits and nothing else, and the same each time it is said: another reader on the way might understand another
    /// length, and take part of this reply for the next.
    private mutating func takeLength(_ text: UnsafePointer<CChar>, count: Int) -> Fault? {
        let value = trimmed(text, count: count)
        // Eighteen digits are more than any length there is, and fit.
        guard value.count > 0, value.count <= 18 else { return .doubtfulLength }
        var length = 0
        var index = 0
        while index < value.count {
            let digit = Int(value.start[index]) &- 0x30
            guard digit >= 0, digit <= 9 else { return .doubtfulLength }
            length = length &* 10 &+ digit
            index &+= 1
        }
        guard contentLength ?? length == length else { return .doubtfulLength }
        contentLength = length
        return nil
    }
}

/// A header's value without the blanks and the line end around it.
private func trimmed(_ text: UnsafePointer<CChar>, count: Int) -> (start: UnsafePointer<CChar>, count: Int) {
    var end = count
    while end > 0, isBlank(text[end &- 1]) { end &-= 1 }
    var start = 0
    while start < end, isBlank(text[start]) { start &+= 1 }
    return (text + start, end &- start)
}

private func isBlank(_ byte: CChar) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a
}

/// Of a line with a byte at least: the first one settles most lines.
@inline(__always)
private func begins(_ line: UnsafePointer<CChar>, _ count: Int, _ name: Literal) -> Bool {
    (line[0] | 0x20) == (name.cString[0] | 0x20) && hasPrefix(line, count, name)
}

@inline(never)
private func hasPrefix(_ line: UnsafePointer<CChar>, _ count: Int, _ name: Literal) -> Bool {
    let length = strlen(name.cString)
    return count >= length && strncasecmp(line, name.cString, length) == 0
}
