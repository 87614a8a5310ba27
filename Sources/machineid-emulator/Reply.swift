/// A reply: an HTTP status and a JSON object.
struct Reply {
    var status: UInt32 = 200
    let body: JSONObject
    /// The outcome in one word for the log: a decision, a refusal, or the `status` in the body.
    let code: String
    /// The methods for the Allow header.
    var allow: String?
    /// The value of the Retry-After header in seconds.
    var retryAfter: Int?

    /// A refusal: `{"status":"error","error":"…","message":"…","request_id":"…"}`.
    init(_ refusal: Refusal, _ id: RequestID) {
        status = refusal.status
        code = refusal.code
        allow = refusal.allow
        retryAfter = refusal.retryAfter
        body = JSONObject()
        body.set("status", "error")
        body.set("error", refusal.code)
        body.set("message", refusal.message)
        body.set("request_id", id.text)
    }

    init(status: UInt32 = 200, code: String = "ok", _ fill: (JSONObject) -> Void) {
        self.status = status
        self.code = code
        body = JSONObject()
        fill(body)
    }
}

extension JSONObject {
    /// Sets the fields about the plan, which most of the service's replies have.
    func set(_ usage: Usage) {
        set("planTier", usage.plan.tier.rawValue)
        set("planState", usage.plan.state.rawValue)
        // When the plan ends. Here it never does.
        setNull("accessUntil")
        set("limit", usage.limit)
        set("devicesUsed", usage.devicesUsed)
        set("remaining", usage.remaining)
        set("overLimit", usage.overLimit)
        // Whether devices over the limit are tolerated for some days. Here they are not.
        set("softGraceWindow", false)
    }
}
