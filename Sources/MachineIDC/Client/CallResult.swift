/// The result of an API call, with the reply when the caller wants it.
struct CallResult: ~Copyable {
    let status: Status
    /// Whether the device may run now; false for every operation but validate.
    let isAllowed: Bool
    /// When the request with this answer was sent, on CLOCK_BOOTTIME in nanoseconds.
    let askedAt: Int64
    /// The reply, malloc'd; the receiver of the result frees it. NULL when it was not wanted.
    let json: UnsafeMutablePointer<CChar>?

    init(status: Status, isAllowed: Bool = false, askedAt: Int64 = 0, json: UnsafeMutablePointer<CChar>?) {
        self.status = status
        self.isAllowed = isAllowed
        self.askedAt = askedAt
        self.json = json
    }
}
