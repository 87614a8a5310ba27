internal import CMachineID

/// What is known about one device of a batch: the authority's decision, or why there is none.
struct Verdict {
    let device: String
    let isAllowed: Bool
    let code: String
    let requestID: String?
    let reply: JSON?
    /// nil when there is a decision.
    let failure: Failure?

    /// - Parameter areAllDecisions: whether the library says that every device of the batch has a decision.
    init(_ device: String, isAllowed: Bool, _ reply: JSON?, areAllDecisions: Bool) {
        self.device = device
        self.isAllowed = isAllowed
        self.reply = reply
        let isDecision = areAllDecisions || isAllowed || Verdict.isDecision(reply)
        let answer = Answer(isDecision ? mid_status(MID_OK) : Verdict.status(reply), reply)
        code = answer.code ?? "-"
        requestID = answer.requestID
        failure = isDecision ? nil : answer.failure(about: device)
    }

    var word: String { isAllowed ? "allowed" : "denied" }
    var exit: Int32 { failure?.exit ?? (isAllowed ? ExitStatus.done : ExitStatus.denied) }

    static let head = ["DEVICE", "DECISION", "CODE", "REQUEST"]

    /// The decision as a row of a table.
    var row: [Table.Cell] {
        [.init(device), .init(word, isAllowed ? .green : .red), .init(code), .init(requestID)]
    }

    /// The decision as an object.
    var json: JSON {
        let object = JSON.object()
        object.set("device", device)
        object.set("allowed", isAllowed)
        object.set("status", "MID_OK")
        object.set("code", code)
        object.set("request_id", requestID)
        object.set("reply", reply)
        return object
    }

    /// Whether a reply is a decision. One without `allowed` is a refusal, and one whose code names a status is a
    /// failure of the library's.
    private static func isDecision(_ reply: JSON?) -> Bool {
        guard let reply, reply.bool("allowed") != nil else { return false }
        return failedStatus(reply) == nil
    }

    private static func status(_ reply: JSON?) -> mid_status {
        reply.flatMap { failedStatus($0) } ?? mid_status(MID_REFUSED)
    }

    private static func failedStatus(_ reply: JSON) -> mid_status? {
        guard let code = reply.string("code"), code.begins(with: "CLIENT_") else { return nil }
        let name = "MID_" + String(bytes: code.utf8.dropFirst(7))
        return statuses.first { String(cString: mid_status_name($0)).isSame(as: name) }
    }

    private static let statuses: [mid_status] =
        [100, 101, 102, 200, 201, 202, 203, 204, 205, 300, 400, 401, 402]
}
