/// One operation of the service: its method, its path and how its reply is read. The static members are the complete
/// table.
struct Operation {
    enum Method { case get, post }

    /// What a reply with HTTP 2xx means.
    enum Kind {
        /// A decision: the reply must have a boolean `allowed`.
        case decision
        /// A registration. Older servers refuse one with HTTP 200 and a `status` member that says so.
        case registration
        /// A confirmation, or the data that was asked for.
        case other
    }

    let method: Method
    let path: Literal
    let kind: Kind
    /// A larger reply ends the transfer as soon as the limit is passed.
    let maximumReplyBytes: Int

    /// - Parameter path: appended to the client's `base_url`.
    private init(
        _ method: Method, _ path: Literal, _ kind: Kind = .other, maximumReplyBytes: Int = 256 * 1024
    ) {
        self.method = method
        self.path = path
        self.kind = kind
        self.maximumReplyBytes = maximumReplyBytes
    }

    /// Whether the operation changes nothing, so that it does no harm when it is carried out late or more than once.
    var changesNothing: Bool { kind == .decision || method == .get }

    static var register: Operation { Operation(.post, "/api/v1/devices/register", .registration) }
    static var validate: Operation { Operation(.post, "/api/v1/devices/validate", .decision) }
    static var revoke: Operation { Operation(.post, "/api/v1/devices/revoke") }
    static var unrevoke: Operation { Operation(.post, "/api/v1/devices/unrevoke") }
    static var remove: Operation { Operation(.post, "/api/v1/devices/remove") }
    static var usage: Operation { Operation(.get, "/api/v1/usage") }

    /// The largest plan has 1000 devices, so this allows 4 KB for each.
    static var listDevices: Operation {
        Operation(.get, "/api/v1/devices/list", maximumReplyBytes: 4 * 1024 * 1024)
    }
}
