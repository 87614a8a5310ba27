/// The reasons why the head of a reply is refused.
enum HeadFault: Sendable {
    case tooLarge
    case statusLine
    /// HTTP 101.
    case switchedProtocol
    /// A line that is no header.
    case malformedLine
    /// A Content-Length that is not a plain number, that contradicts another one, or that comes with chunks.
    case ambiguousLength
    /// A Transfer-Encoding other than a single "chunked", or one in an HTTP/1.0 reply.
    case transferEncoding
    /// A Content-Encoding, which was not asked for, with its name.
    case contentEncoding(Literal)

    /// The failure of a reply with this fault.
    var failure: Failure {
        switch self {
        case .tooLarge:
            Failure(.badReply, "the reply's head is larger than 64 KiB")
        case .statusLine:
            Failure(.badReply, "the reply does not begin with HTTP/1.0 or HTTP/1.1 and a status of three digits")
        case .switchedProtocol:
            Failure(.badReply, "HTTP 101 is not an answer: no other protocol was asked for")
        case .malformedLine:
            Failure(.badReply, "the reply's head has a line that is not a header")
        case .ambiguousLength:
            Failure(.badReply, "the reply has a Content-Length that cannot be trusted")
        case .transferEncoding:
            Failure(.badReply, "the reply has a Transfer-Encoding other than chunked, or one under HTTP/1.0")
        case .contentEncoding(let name):
            Failure(.badReply, "the reply has Content-Encoding \(name), and none was asked for")
        }
    }
}
