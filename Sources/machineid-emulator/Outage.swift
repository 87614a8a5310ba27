/// An outage that was asked for: while it lasts, the service answers nothing but this.
struct Outage: Equatable, Sendable {
    let httpStatus: Int
    /// Seconds, for the Retry-After header.
    var retryAfter: Int?
    /// How many requests it is for; nil until it is ended.
    var requestsLeft: Int?

    /// nil for an HTTP status that says something else. 408, 429 and 5xx are no answer.
    init?(httpStatus: Int, retryAfter: Int? = nil, requestsLeft: Int? = nil) {
        guard httpStatus == 408 || httpStatus == 429 || (500...599).contains(httpStatus) else { return nil }
        self.httpStatus = httpStatus
        self.retryAfter = retryAfter
        self.requestsLeft = requestsLeft
    }
}
