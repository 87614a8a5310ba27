/// What goes back: an HTTP status and a JSON object.
struct Reply {
    var status: UInt32 = 200
    let body: JSONObject
    /// The outcome in one word, for the log: a decision, a refusal, or the `status` of the body.
    let code: String
    /// The methods to name in the Allow header.
    var allow: String?
    /// Seconds to name in the Retry-After header.
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
    /// The plan fields, which the service puts into most of its replies.
    func set(_ usage: Usage) {
        set("planTier", usage.plan.tier.rawValue)
        set("planState", usage.plan.state.rawValue)
        // When the plan runs out. It never does here.
        setNull("accessUntil")
        set("limit", usage.limit)
        set("devicesUsed", usage.devicesUsed)
        set("remaining", usage.remaining)
        set("overLimit", usage.overLimit)
        // A service may allow for some days what is over the limit. This one does not.
        set("softGraceWindow", false)
    }
}
