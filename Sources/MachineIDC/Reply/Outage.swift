/// A reply by which the authority, or a server in front of it, says that it has no answer to give. It is nobody's
/// decision about a device, whatever its body holds.
struct Outage {
    private let httpStatus: Int

    /// nil when this HTTP status means something else.
    init?(httpStatus: Int) {
        switch httpStatus {
        case 408, 429, 500...599: self.httpStatus = httpStatus
        default: return nil
        }
    }

    /// Whether the reply may not belong to any request. Then no further request may go out on its connection.
    var isAboutConnection: Bool { httpStatus == 408 }

    /// Whether another attempt may be answered. 501 and 505 report what the authority cannot do at all.
    var isTransient: Bool { httpStatus != 501 && httpStatus != 505 }

    /// - Parameter retryAfter: what the reply asked for with Retry-After, in seconds; 0 when it did not.
    func failure(retryAfter: Int) -> Failure {
        var message: Message = "HTTP \(httpStatus): the authority has no answer to give"
        if retryAfter > 0 {
            // No pause is longer than this.
            let limit = 3_600
            let more: Literal = retryAfter > limit ? "more than " : ""
            message.append(destroying: ", and asks for a pause of \(more)\(min(retryAfter, limit)) s (Retry-After)")
        }
        return Failure(.unavailable, message)
    }
}
