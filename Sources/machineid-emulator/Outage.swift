/// A simulated outage: while it lasts, the service answers nothing else.
struct Outage: Equatable, Sendable {
    let httpStatus: Int
    /// The value of the Retry-After header in seconds; nil for no header.
    var retryAfter: Int?
    /// How many more requests it applies to; nil for all until it is ended.
    var requestsLeft: Int?

    /// nil for an HTTP status that is not an outage: only 408, 429 and 5xx are.
    init?(httpStatus: Int, retryAfter: Int? = nil, requestsLeft: Int? = nil) {
        guard httpStatus == 408 || httpStatus == 429 || (500...599).contains(httpStatus) else { return nil }
        self.httpStatus = httpStatus
        self.retryAfter = retryAfter
        self.requestsLeft = requestsLeft
    }
}
