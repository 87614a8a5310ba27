/// A reply by which the authority, or what stands before it, says that it has no answer to give. That is nobody's decision
/// about a device, whatever the body holds.
struct Outage {
    private let httpStatus: Int

    /// nil when a reply with this HTTP status is something else.
    init?(httpStatus: Int) {
        switch httpStatus {
        case 408, 429, 500...599: self.httpStatus = httpStatus
        default: return nil
        }
    }

    /// Whether it may be no reply to any request, so that no other belongs on its connection.
    var isAboutConnection: Bool { httpStatus == 408 }

    /// Whether the next try may be answered. 501 and 505 say what the authority cannot do at all.
    var mayPass: Bool { httpStatus != 501 && httpStatus != 505 }

    /// - Parameter retryAfter: what it asked for in Retry-After, in seconds; 0 when it did not.
    func failure(retryAfter: Int) -> Failure {
        var message: Message = "HTTP \(httpStatus): the authority has no answer to give"
        if retryAfter > 0 {
            // No longer is waited for.
            let limit = 3_600
            let more: Literal = retryAfter > limit ? "more than " : ""
            message.append(discarding: ", and asks for a pause of \(more)\(min(retryAfter, limit)) s (Retry-After)")
        }
        return Failure(.unavailable, message)
    }
}
