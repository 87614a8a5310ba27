internal import CPlatform

// The report of a guard as JSON: see `mid_guard_decision` in machineid.h.
extension Guard {
    /// Whether the guard allows, and the JSON, malloc'd.
    func report() throws(Failure) -> (isAllowed: Bool, json: UnsafeMutablePointer<CChar>?) {
        if isInherited {
            let text = text(isAllowed: false, "ended", decision: nil, failure: Guard.inherited.cString)
            guard let text else { throw .outOfMemory }
            return (false, text)
        }
        transport.lock()
        defer { transport.unlock() }
        let isAllowed = isAllowed
        let state: Literal =
            switch locked.pointee.state {
            case .live: isAllowed ? "on" : "lapsed"
            case .denied: "denied"
            case .ended: "ended"
            }
        let (decision, failure) = (locked.pointee.decision, locked.pointee.failure)
        guard let text = text(isAllowed: isAllowed, state, decision: decision, failure: failure) else {
            throw .outOfMemory
        }
        return (isAllowed, text)
    }

    /// The member `failure` of the report in a forked child.
    private static var inherited: Literal {
        #"""
        {"allowed":false,"code":"CLIENT_CANCELLED","request_id":null,\#
        "message":"the guard was started before this fork"}
        """#
    }

    /// The report as a JSON text, malloc'd; nil when memory is refused. NULL for `decision` and `failure` is written as
    /// null.
    private func text(
        isAllowed: Bool, _ state: Literal, decision: UnsafePointer<CChar>?, failure: UnsafePointer<CChar>?
    ) -> UnsafeMutablePointer<CChar>? {
        let age = BootTime.now.nanoseconds(since: locked.pointee.decisionSentAt) / 1_000_000
        let allowed: Literal = isAllowed ? "true" : "false"
        let head: Message = """
            {"allowed":\(allowed),"state":"\(state)","age_ms":\(Int(age)),"checks":\(locked.pointee.checks),\
            "failures":\(locked.pointee.failuresSinceDecision),"decision":
            """
        defer { head.destroy() }
        let null: Literal = "null"
        var buffer = ByteBuffer()
        let isWhole =
            head.withBytes { bytes, count in count > 0 && buffer.append(bytes, count: count) }
            && append(decision ?? null.cString, to: &buffer) && append(Literal(",\"failure\":").cString, to: &buffer)
            && append(failure ?? null.cString, to: &buffer) && append(Literal("}").cString, to: &buffer)
        return isWhole ? buffer.take() : nil
    }
}

/// Appends a C string. Returns false when memory is refused.
private func append(_ text: UnsafePointer<CChar>, to buffer: inout ByteBuffer) -> Bool {
    buffer.append(text, count: strlen(text))
}
