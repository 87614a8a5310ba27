/// The endpoints of the service: the method, the path, and how a reply is read. This is the complete table.
enum Endpoint: UInt8 {
    case register, validate, listDevices, revoke, unrevoke, remove, usage

    enum Method { case get, post }

    /// What a reply with HTTP 2xx means.
    enum ReplyKind {
        /// A decision: the reply must have a boolean `allowed`.
        case decision
        /// A registration. Older servers refuse one with HTTP 200 and a `status` member that says so.
        case registration
        /// A confirmation, or the data that was asked for.
        case other
    }

    var method: Method {
        switch self {
        case .listDevices, .usage: .get
        case .register, .validate, .revoke, .unrevoke, .remove: .post
        }
    }

    /// Appended to the client's `base_url`.
    var path: Literal {
        switch self {
        case .register: "/api/v1/devices/register"
        case .validate: "/api/v1/devices/validate"
        case .listDevices: "/api/v1/devices/list"
        case .revoke: "/api/v1/devices/revoke"
        case .unrevoke: "/api/v1/devices/unrevoke"
        case .remove: "/api/v1/devices/remove"
        case .usage: "/api/v1/usage"
        }
    }

    var replyKind: ReplyKind {
        switch self {
        case .validate: .decision
        case .register: .registration
        case .listDevices, .revoke, .unrevoke, .remove, .usage: .other
        }
    }

    /// A larger reply ends the transfer as soon as the limit is passed. The largest plan has 1000 devices, so the limit
    /// of a list allows 4 KB for each.
    var maximumReplyBytes: Int { self == .listDevices ? 4 * 1024 * 1024 : 256 * 1024 }

    /// Whether a request changes nothing, so that it does no harm when it is carried out late or more than once.
    var isReadOnly: Bool { replyKind == .decision || method == .get }
}
