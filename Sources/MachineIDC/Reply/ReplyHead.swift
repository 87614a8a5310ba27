internal import CPlatform

/// The head of a reply, read while it arrives, line by line, as libcurl passes it on.
///
/// Each libcurl is lenient in its own way, so what it makes of a head decides nothing here: a status line that is not
/// exact, a line that is no header, or a length or a coding that is in doubt ends the transfer, before a byte of the body
/// is decoded.
struct ReplyHead {
    private static var maximumBytes: Int { 64 * 1024 }

    private(set) var bytes = 0
    /// Of the status line; 0 before there is one.
    private(set) var status = 0
    private(set) var isComplete = false
    private var isCut = false
    private var isOldHTTP = false
    private var contentLength: Int?
    private var isChunked = false

    /// Whether the reply says where its body ends, and does not leave that to the end of the connection.
    var isFramed: Bool { contentLength != nil || isChunked }

    /// Whether a reply with so many bytes of body is complete, as far as the head can tell.
    func isWhole(withBodyOf count: Int) -> Bool {
        guard isComplete, !isCut else { return false }
        guard let contentLength, status != 204, status != 304 else { return true }
        return count == contentLength
    }

    /// Takes one line with its line end: of the head, or of the trailers of a chunked body.
    mutating func take(_ line: UnsafePointer<CChar>, count: Int) -> HeadFault? {
        bytes &+= count
        if bytes > ReplyHead.maximumBytes { return .tooLarge }
        // A line without its end was cut, and so nothing can follow it.
        if isCut { return .malformedLine }
        guard let line = HeaderLine(line, count: count) else {
            isCut = true
            return nil
        }
        if isComplete { return takeTrailer(line) }
        if status == 0 { return takeStatus(line) }
        if line.isEmpty { return finish() }
        guard let (name, value) = line.field else { return .malformedLine }
        if name.matches("Content-Length") { return takeLength(value) }
        if name.matches("Transfer-Encoding") { return takeTransferEncoding(value) }
        if name.matches("Content-Encoding") { return ContentEncoding.fault(value) }
        return nil
    }

    private mutating func takeStatus(_ line: HeaderLine) -> HeadFault? {
        guard let (isOld, number) = line.status, number >= 100 else { return .statusLine }
        // It would begin another protocol, which was not asked for.
        if number == 101 { return .switchedProtocol }
        (isOldHTTP, status) = (isOld, number)
        return nil
    }

    /// The line that ends the head. One with a status from 100 to 199 is followed by another.
    private mutating func finish() -> HeadFault? {
        if isChunked, contentLength != nil { return .doubtfulLength }
        if isChunked, isOldHTTP { return .transferEncoding }
        if status >= 200 {
            isComplete = true
        } else {
            let read = bytes
            self = ReplyHead()
            bytes = read
        }
        return nil
    }

    /// Trailers mean nothing here, but there are none without chunks.
    private func takeTrailer(_ line: HeaderLine) -> HeadFault? {
        line.isEmpty || (isChunked && line.field != nil) ? nil : .malformedLine
    }

    /// Digits and nothing else, and the same each time it is said: another reader on the way might understand another
    /// length, and take part of this reply for the next.
    private mutating func takeLength(_ value: HeaderText) -> HeadFault? {
        guard let length = value.number, contentLength ?? length == length else { return .doubtfulLength }
        contentLength = length
        return nil
    }

    /// "chunked", once and alone. libcurl would decode any other unasked, however long that takes.
    private mutating func takeTransferEncoding(_ value: HeaderText) -> HeadFault? {
        guard !isChunked, value.matches("chunked") else { return .transferEncoding }
        isChunked = true
        return nil
    }
}

/// Content codings. None is asked for, and a body that is decoded unasked may grow a thousandfold.
private enum ContentEncoding {
    /// By name, but only by a name that is known: a message repeats nothing of a reply.
    static func fault(_ value: HeaderText) -> HeadFault? {
        if value.matches("identity") { return nil }
        if value.matches("gzip") || value.matches("x-gzip") { return .contentEncoding("gzip") }
        if value.matches("deflate") { return .contentEncoding("deflate") }
        if value.matches("br") { return .contentEncoding("br") }
        if value.matches("zstd") { return .contentEncoding("zstd") }
        if value.matches("compress") || value.matches("x-compress") { return .contentEncoding("compress") }
        return .contentEncoding("that is not known")
    }
}
