internal import CPlatform

/// The head of a reply, read line by line as it arrives from libcurl.
///
/// libcurl's own interpretation of a head is not used, because each version is lenient in different ways. An inexact
/// status line, a line that is no header, or an ambiguous length or coding ends the transfer before a byte of the body
/// is decoded.
struct ReplyHead {
    private static var maximumBytes: Int { 64 * 1024 }

    /// How many bytes of heads and trailers have arrived.
    private(set) var bytes = 0
    /// The HTTP status; 0 before the status line.
    private(set) var status = 0
    /// Whether the empty line that ends the head has arrived.
    private(set) var isComplete = false
    /// Whether a line arrived without its line end.
    private var isCut = false
    /// Whether the reply is HTTP/1.0.
    private var isOldHTTP = false
    private var contentLength: Int?
    /// Whether there is a Transfer-Encoding: chunked.
    private var isChunked = false

    /// Whether the reply states where its body ends, rather than leaving it to the end of the connection.
    var isFramed: Bool { contentLength != nil || isChunked }

    /// Whether a reply with `count` bytes of body is complete, as far as the head shows.
    func isWhole(withBodyOf count: Int) -> Bool {
        guard isComplete, !isCut else { return false }
        guard let contentLength, status != 204, status != 304 else { return true }
        return count == contentLength
    }

    /// Reads one line with its line end: of the head, or of the trailers of a chunked body. Returns what is wrong with
    /// it, if anything.
    mutating func take(_ line: UnsafePointer<CChar>, count: Int) -> HeadFault? {
        bytes &+= count
        if bytes > ReplyHead.maximumBytes { return .tooLarge }
        // A line without a line end was cut off, so nothing can follow it.
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

    /// Reads the status line.
    private mutating func takeStatus(_ line: HeaderLine) -> HeadFault? {
        guard let (isOld, number) = line.status, number >= 100 else { return .statusLine }
        // 101 would switch to another protocol, which was not asked for.
        if number == 101 { return .switchedProtocol }
        (isOldHTTP, status) = (isOld, number)
        return nil
    }

    /// Handles the empty line that ends a head. A head with a status from 100 to 199 is followed by another head.
    private mutating func finish() -> HeadFault? {
        if isChunked, contentLength != nil { return .ambiguousLength }
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

    /// Reads a trailer. Trailers have no meaning here, but without chunks there must not be any.
    private func takeTrailer(_ line: HeaderLine) -> HeadFault? {
        line.isEmpty || (isChunked && line.field != nil) ? nil : .malformedLine
    }

    /// Reads a Content-Length: digits only, and the same value each time it is given. With an ambiguous length another
    /// reader on the way might take a part of this reply for the next one.
    private mutating func takeLength(_ value: HeaderText) -> HeadFault? {
        guard let length = value.number, contentLength ?? length == length else { return .ambiguousLength }
        contentLength = length
        return nil
    }

    /// Reads a Transfer-Encoding: "chunked", alone and only once. libcurl would decode any other coding, however long
    /// that takes.
    private mutating func takeTransferEncoding(_ value: HeaderText) -> HeadFault? {
        guard !isChunked, value.matches("chunked") else { return .transferEncoding }
        isChunked = true
        return nil
    }
}

/// Content codings. None is asked for, and decoding a body could make it a thousand times larger.
private enum ContentEncoding {
    /// The fault for a Content-Encoding; nil for "identity". Its name is one of the known names, because a message must
    /// not repeat anything from a reply.
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
