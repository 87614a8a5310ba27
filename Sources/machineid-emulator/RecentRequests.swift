import Glibc

/// A request to an operation of the service, for the assertions of tests. The org key is not among it.
struct RecordedRequest: Sendable {
    let time: timespec
    let operation: Operation
    /// The device with org keys hidden; nil when the request named none.
    let device: String?
    /// nil when there was no reply.
    let httpStatus: UInt32?
    /// The outcome in one word, as in the log.
    let code: String
    let id: RequestID

    /// `allow` or `deny`; nil when no decision was sent.
    var decision: String? {
        guard operation == .validate, httpStatus == 200 else { return nil }
        return code == Decision.allow.rawValue ? "allow" : "deny"
    }
}

/// The latest requests of an organisation, oldest first. When it is full, each new one replaces the oldest.
struct RecentRequests: Sendable {
    static let capacity = 10_000

    private var requests: [RecordedRequest] = []
    /// The place of the oldest request, which is the next to be replaced.
    private var oldest = 0
    /// How many requests have been replaced.
    private(set) var droppedCount = 0

    mutating func append(_ request: RecordedRequest) {
        guard requests.count == Self.capacity else { return requests.append(request) }
        requests[oldest] = request
        oldest = (oldest + 1) % Self.capacity
        droppedCount += 1
    }

    var inOrder: [RecordedRequest] { Array(requests[oldest...] + requests[..<oldest]) }
}
