internal import CMachineID

/// The result of a call of the library.
struct Answer {
    let status: mid_status
    /// The authority's reply, or the object of a failure.
    let reply: JSON?

    /// Frees the text.
    init(_ status: mid_status, takingOver text: UnsafeMutablePointer<CChar>?) {
        self.status = status
        reply = text.flatMap { JSON.parse($0) }
        mid_free(text)
    }

    init(_ status: mid_status, _ reply: JSON?) {
        self.status = status
        self.reply = reply
    }

    var isOK: Bool { status == MID_OK }
    var code: String? { reply.flatMap { $0.string("code") ?? $0.string("error") ?? $0.string("status") } }
    var requestID: String? { reply?.string("request_id") }

    /// Why the call brought no answer that the command can use.
    func failure(about device: String?) -> Failure {
        let name = String(cString: mid_status_name(status))
        let code = code ?? name
        var message = reply?.string("message") ?? Remedies.message(for: code) ?? "the authority refused the request"
        // The authority does not know of this program.
        if code.isSame(as: "device_not_found") && reply?.string("message") != nil { message += "; \(Remedies.list)" }
        return Failure(
            exit: Failure.exit(for: status), device: device, status: name, code: code, requestID: requestID,
            message: message)
    }
}

/// What the user can do about a refusal to which the authority adds no message.
enum Remedies {
    static func message(for code: String) -> String? {
        for (known, message) in messages where code.isSame(as: known) { return message }
        return nil
    }

    static let list = "'machineid list' shows those that it has"

    private static let messages = [
        ("invalid_org_key", "the authority does not know this org key; check where it comes from"),
        ("device_not_found", "the organisation has no such device; \(list)"),
        ("device_limit_reached", "the plan's limit of devices is reached; remove a device, or take a larger plan"),
        ("limit_reached", "the plan's limit of devices is reached; remove a device, or take a larger plan"),
    ]
}
