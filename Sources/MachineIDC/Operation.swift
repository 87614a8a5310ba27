/// One operation of the service: the whole table of what is sent where, and how its reply is read.
struct Operation {
    enum Method { case get, post }

    /// What an answer with HTTP 2xx means.
    enum Kind {
        /// A decision: it must hold a boolean `allowed`.
        case decision
        /// A registration, which older servers refuse with HTTP 200 and a `status` that says so.
        case registration
        /// Done, or the facts asked for.
        case other
    }

    let method: Method
    let path: Literal
    let kind: Kind
    /// Larger replies are refused while they arrive.
    let maximumReplyBytes: Int

    private init(
        _ method: Method, _ path: Literal, _ kind: Kind = .other, maximumReplyBytes: Int = 256 * 1024
    ) {
        self.method = method
        self.path = path
        self.kind = kind
        self.maximumReplyBytes = maximumReplyBytes
    }

    /// Whether it leaves everything as it is, however often and however late it is carried out.
    var changesNothing: Bool { kind == .decision || method == .get }

    static var register: Operation { Operation(.post, "/api/v1/devices/register", .registration) }
    static var validate: Operation { Operation(.post, "/api/v1/devices/validate", .decision) }
    static var revoke: Operation { Operation(.post, "/api/v1/devices/revoke") }
    static var unrevoke: Operation { Operation(.post, "/api/v1/devices/unrevoke") }
    static var remove: Operation { Operation(.post, "/api/v1/devices/remove") }
    static var usage: Operation { Operation(.get, "/api/v1/usage") }

    /// The largest plan has 1000 devices: this leaves 4 KB for each.
    static var listDevices: Operation {
        Operation(.get, "/api/v1/devices/list", maximumReplyBytes: 4 * 1024 * 1024)
    }
}
