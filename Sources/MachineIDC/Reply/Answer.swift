/// The fail-closed reading of a reply: what a complete reply of the authority comes to.
///
/// `isAllow` is the one value in the library that means "may run", and it becomes true in one line below. Everything
/// that is not exactly an answer throws. That the reply is complete is the transport's part: libcurl ended without an
/// error, and neither head nor body went over its limit.
struct Answer {
    /// `ok` or `refused`.
    let status: Status
    let isAllow: Bool

    /// - Parameters:
    ///   - device: as the caller wrote it; NULL for an operation without one.
    ///   - retryAfter: of an outage; see `Attempt`.
    init(
        to operation: Operation, device: UnsafePointer<CChar>?, httpStatus: Int, retryAfter: Int = 0,
        body: UnsafePointer<UInt8>?, count: Int
    ) throws(Failure) {
        if let outage = Outage(httpStatus: httpStatus) {
            // Its body may be anybody's page, and is not looked at but for one thing.
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

        if isError || operation.kind == .decision {
            guard root.isObject else {
                throw Failure(.badReply, "the reply (HTTP \(httpStatus)) is not a JSON object")
            }
        }
        if let device, root.isAbout(another: device) { throw aboutAnother(httpStatus) }
        if isError {
            (status, isAllow) = (.refused, false)
            return
        }
        switch operation.kind {
        case .decision:
            guard let allowed = root["allowed"], allowed.isTrue || allowed.isFalse else {
                throw Failure(.badReply, "the reply (HTTP \(httpStatus)) has no boolean \"allowed\"")
            }
            (status, isAllow) = (.ok, allowed.isTrue)
        case .registration:
            (status, isAllow) = (saysBlocked(root) ? .refused : .ok, false)
        case .other:
            (status, isAllow) = (.ok, false)
        }
    }
}

// HTTP/1.1 does not number its questions: a reply that is repeated or late stands where the next one should.

private func aboutAnother(_ httpStatus: Int) -> Failure {
    Failure(.badReply, "the reply (HTTP \(httpStatus)) is about another device than the one asked about")
}

/// Whether a text is JSON that says so.
private func isAboutAnother(_ device: UnsafePointer<CChar>, _ body: UnsafePointer<UInt8>, count: Int) -> Bool {
    do throws(JSONFault) {
        let reply = try JSON(parsing: body, count: count, integersOfAnySize: true)
        return reply.root.isAbout(another: device)
    } catch {
        return false
    }
}

extension JSONValue {
    fileprivate func isAbout(another device: UnsafePointer<CChar>) -> Bool {
        guard let named = self["deviceId"]?.string else { return false }
        return !names(named, device)
    }
}

/// Whether a reply's `deviceId` is the device that was asked about, but for the case of ASCII letters.
private func names(_ named: UnsafePointer<CChar>, _ device: UnsafePointer<CChar>) -> Bool {
    guard let asked = UTF8Text(trimming: device), let found = UTF8Text(trimming: named) else { return false }
    return asked.count == found.count && equalsIgnoringCase(asked.start, found.start, count: asked.count)
}

/// What belongs behind "is not an answer".
private func remark(_ httpStatus: Int) -> Literal {
    switch httpStatus {
    case 206: ": it is a part of one"
    case 304: ": it says that nothing has changed since an earlier one"
    case 300...399: "; redirects are not followed, so check base_url"
    default: ""
    }
}

/// Whether a reply with this HTTP status is an API error rather than an answer; nil when it is neither, as is a part of
/// a reply (206).
private func isError(_ httpStatus: Int) -> Bool? {
    switch httpStatus {
    case 206: nil
    case 200...299: false
    case 400...499: true
    default: nil
    }
}

private func saysBlocked(_ registration: JSONValue) -> Bool {
    guard let status = registration["status"]?.string else { return false }
    return status == "blocked" || status == "limit_reached"
}
