/// The result of an API call, with the reply when the caller wants it.
struct CallResult: ~Copyable {
    let status: Status
    /// Whether the device may run now; false for every operation but validate.
    let isAllowed: Bool
    /// When the request with this answer was sent.
    let sentAt: BootTime
    /// The reply, malloc'd; the receiver of the result frees it. NULL when it was not wanted.
    let json: UnsafeMutablePointer<CChar>?

    init(status: Status, isAllowed: Bool = false, sentAt: BootTime = .zero, json: UnsafeMutablePointer<CChar>?) {
        self.status = status
        self.isAllowed = isAllowed
        self.sentAt = sentAt
        self.json = json
    }
}
