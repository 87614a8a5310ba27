import Glibc

@testable import machineid_emulator

/// The router without HTTP, with org_a as its only organisation, on the plan free.
struct TestAuthority {
    let router: Router
    /// The request ID of every request.
    let id = RequestID(0, 0)

    init() {
        let keys = ["org_a"].compactMap { OrgKey($0) }
        do {
            let authority = try Authority(keys: keys, plan: Plan(tier: .free))
            router = Router(authority, hiding: HiddenKeys(keys), log: nil)
        } catch {
            preconditionFailure("only a state file can fail: \(error)")
        }
    }

    struct Answer {
        let status: UInt32
        let code: String
        /// The JSON, byte for byte.
        let text: String
        let allow: String?
        let retryAfter: Int?
        let device: String?
    }

    /// Sends a request as a correct client does, except where a test says otherwise.
    func ask(
        _ method: String, _ path: String, _ body: [UInt8], key: String? = "org_a", type: String? = "application/json"
    ) -> Answer {
        var request = Request(method: method, path: path, orgKey: key, contentType: type)
        body.withUnsafeBytes { request.body.append($0) }
        let (reply, device) = router.answer(request, id)
        let text = reply.body.text()
        defer { free(text) }
        return Answer(
            status: reply.status, code: reply.code, text: text.map { String(cString: $0) } ?? "", allow: reply.allow,
            retryAfter: reply.retryAfter, device: device?.text)
    }

    func ask(
        _ method: String, _ path: String, _ body: String = "", key: String? = "org_a",
        type: String? = "application/json"
    ) -> Answer {
        ask(method, path, Array(body.utf8), key: key, type: type)
    }

    /// Makes one of the operations on a device.
    func device(_ operation: String, _ device: String = "w") -> Answer {
        ask("POST", "/api/v1/devices/\(operation)", #"{"deviceId":"\#(device)"}"#)
    }

    /// The plan fields of a reply while the plan is the initial one.
    static func plan(used: Int) -> String {
        #""planTier":"free","planState":"active","accessUntil":null,"limit":3,"devicesUsed":\#(used),"#
            + #""remaining":\#(3 - used),"overLimit":false,"softGraceWindow":false"#
    }
}
