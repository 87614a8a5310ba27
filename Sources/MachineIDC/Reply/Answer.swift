internal import CPlatform

/// What the authority answered, as read from a complete reply. This is the fail-closed rule.
///
/// `isAllowed` is the only value in the library that means "may run", and it becomes true in one line below. Every
/// reply that is not exactly an answer throws. The transport guarantees that the reply is complete: libcurl ended
/// without an error, and neither the head nor the body passed its limit.
struct Answer {
    /// `ok` or `refused`.
    let status: Status
    /// Whether the device may run now; false for every endpoint but validate.
    let isAllowed: Bool
    /// The code of the decision; nil where there is none.
    let code: DecisionCode?
    let requestID: RequestID

    /// - Parameters:
    ///   - device: the device that the request named, as the caller wrote it; NULL for an operation without one.
    ///   - retryAfter: what an outage asked for, in seconds: see `AttemptResult`.
    init(
        to endpoint: Endpoint, device: UnsafePointer<CChar>?, httpStatus: Int, retryAfter: Int = 0,
        body: UnsafePointer<UInt8>?, count: Int
    ) throws(Failure) {
        if let outage = Outage(httpStatus: httpStatus) {
            // The body may come from any server on the way. Only one thing in it is looked at: whether it is about
            // another device.
            if let body, count > 0, let device, isAboutAnother(device, body, count: count) {
                throw aboutAnother(httpStatus)
            }
            throw outage.failure(retryAfter: retryAfter)
        }
        guard let isError = isError(httpStatus) else {
            throw Failure(.badReply, "HTTP \(httpStatus) is not an answer\(remark(httpStatus))")
        }
        guard let body, count > 0 else {
            throw Failure(.badReply, "the reply (HTTP \(httpStatus)) is empty")
        }
        let reply: JSON
        do throws(JSONFault) {
            reply = try JSON(parsing: body, count: count, integersOfAnySize: true)
        } catch {
            throw error.failure(.badReply, "the reply (HTTP \(httpStatus))")
        }
        let root = reply.root

        if isError || endpoint.replyKind == .decision {
            guard root.isObject else {
                throw Failure(.badReply, "the reply (HTTP \(httpStatus)) is not a JSON object")
            }
        }
        if let device, root.isAbout(another: device) { throw aboutAnother(httpStatus) }
        requestID = RequestID(root["request_id"]?.string)
        if isError {
            (status, isAllowed, code) = (.refused, false, nil)
            return
        }
        switch endpoint.replyKind {
        case .decision:
            guard let allowed = root["allowed"], allowed.isTrue || allowed.isFalse else {
                throw Failure(.badReply, "the reply (HTTP \(httpStatus)) has no boolean \"allowed\"")
            }
            (status, isAllowed) = (.ok, allowed.isTrue)
            code = DecisionCode(isAllowed: allowed.isTrue, root["code"]?.string)
        case .registration:
            (status, isAllowed, code) = (saysBlocked(root) ? .refused : .ok, false, nil)
        case .other:
            (status, isAllowed, code) = (.ok, false, nil)
        }
    }
}

// HTTP/1.1 has no request numbers: a repeated or late reply takes the place of the next one. The device id in a reply
// shows that.

/// The failure of a reply that names another device.
private func aboutAnother(_ httpStatus: Int) -> Failure {
    Failure(.badReply, "the reply (HTTP \(httpStatus)) is about another device than the one asked about")
}

/// Whether a body is JSON that names another device.
private func isAboutAnother(_ device: UnsafePointer<CChar>, _ body: UnsafePointer<UInt8>, count: Int) -> Bool {
    do throws(JSONFault) {
        let reply = try JSON(parsing: body, count: count, integersOfAnySize: true)
        return reply.root.isAbout(another: device)
    } catch {
        return false
    }
}

extension JSONValue {
    /// Whether the reply names a device other than this one. A reply without a string `deviceId` does not.
    fileprivate func isAbout(another device: UnsafePointer<CChar>) -> Bool {
        guard let named = self["deviceId"]?.string else { return false }
        return !names(named, device)
    }
}

/// Whether a reply's `deviceId` is the device in the request, apart from the case of ASCII letters.
private func names(_ named: UnsafePointer<CChar>, _ device: UnsafePointer<CChar>) -> Bool {
    // Nearly always they are the same bytes.
    if strcmp(named, device) == 0 { return true }
    guard let asked = UTF8Text(trimming: device), let found = UTF8Text(trimming: named) else { return false }
    return asked.count == found.count && equalsIgnoringCase(asked.start, found.start, count: asked.count)
}

/// The text that follows "is not an answer" in a message.
private func remark(_ httpStatus: Int) -> Literal {
    switch httpStatus {
    case 206: ": it is a part of one"
    case 304: ": it says that nothing has changed since an earlier one"
    case 300...399: "; redirects are not followed, so check base_url"
    default: ""
    }
}

/// Whether a reply with this HTTP status is an API error (true) or an answer (false); nil when it is neither, as a
/// partial reply (206).
private func isError(_ httpStatus: Int) -> Bool? {
    switch httpStatus {
    case 206: nil
    case 200...299: false
    case 400...499: true
    default: nil
    }
}

/// Whether the reply to a registration refuses it, as older servers do with HTTP 200.
private func saysBlocked(_ registration: JSONValue) -> Bool {
    guard let status = registration["status"]?.string else { return false }
    return status == "blocked" || status == "limit_reached"
}
