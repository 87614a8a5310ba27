/// Lets tests do over HTTP what an operator does in the vendor's dashboard, or cause what can happen to a service. The
/// service has no such paths; they begin with /emulator, so that they are not mistaken for its own.
enum OperatorEndpoints {
    static let routes: [Route] = [
        Route(.post, "/emulator/plan", .settings(changePlan)),
        Route(.post, "/emulator/outage", .settings(changeOutage)),
        Route(.post, "/emulator/reset", .organisation(reset)),
    ]

    /// Sets those of `planTier`, `planState` and `executionEnabled` that the body names; on an error it sets none of
    /// them.
    private static func changePlan(_ settings: JSONObject, of organisation: Organisation) throws(Refusal) -> Reply {
        try expect(["planTier", "planState", "executionEnabled"], in: settings)
        let tier: PlanTier? = try choice("planTier", in: settings)
        let state: PlanState? = try choice("planState", in: settings)
        let execution = settings.bool("executionEnabled")
        if execution == nil && settings.keys.contains("executionEnabled") {
            throw .badRequest("invalid_setting", "executionEnabled must be true or false")
        }
        return reply(
            organisation.changePlan { plan in
                plan.tier = tier ?? plan.tier
                plan.state = state ?? plan.state
                plan.executionEnabled = execution ?? plan.executionEnabled
            }, handler: "emulator/plan")
    }

    /// Begins an outage with the `httpStatus` in the body, or ends it when the body is an empty object.
    private static func changeOutage(_ settings: JSONObject, of organisation: Organisation) throws(Refusal) -> Reply {
        try expect(["httpStatus", "retryAfter", "requests"], in: settings)
        var outage: Outage?
        if !settings.keys.isEmpty {
            outage = settings.integer("httpStatus").flatMap { Outage(httpStatus: $0) }
            if outage == nil { throw .badRequest("invalid_setting", "httpStatus must be 408, 429 or from 500 to 599") }
            outage?.retryAfter = try number("retryAfter", from: 0, in: settings)
            outage?.requestsLeft = try number("requests", from: 1, in: settings)
        }
        organisation.setOutage(outage)
        return Reply { body in
            body.set("status", "ok")
            body.set("handler", "emulator/outage")
            body.set("httpStatus", outage?.httpStatus)
            body.set("retryAfter", outage?.retryAfter)
            body.set("requests", outage?.requestsLeft)
        }
    }

    private static func reset(_ organisation: Organisation) -> Reply {
        reply(organisation.reset(), handler: "emulator/reset")
    }

    private static func reply(_ usage: Usage, handler: String) -> Reply {
        Reply { body in
            body.set("status", "ok")
            body.set("handler", handler)
            body.set(usage)
            body.set("executionEnabled", usage.plan.executionEnabled)
        }
    }

    /// Throws when the body has a key that is not known.
    private static func expect(_ known: [String], in settings: JSONObject) throws(Refusal) {
        if let unknown = settings.keys.first(where: { !known.contains($0) }) {
            throw .badRequest(
                "invalid_setting", "there is no setting \(unknown); there are \(known.joined(separator: ", "))")
        }
    }

    /// A whole number of at least `least`; nil when the key is missing.
    private static func number(_ key: String, from least: Int, in settings: JSONObject) throws(Refusal) -> Int? {
        guard settings.keys.contains(key) else { return nil }
        guard let number = settings.integer(key), number >= least else {
            throw .badRequest("invalid_setting", "\(key) must be a whole number from \(least) on")
        }
        return number
    }

    /// One of the choices; nil when the key is missing.
    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, in settings: JSONObject
    ) throws(Refusal) -> Choice? where Choice.RawValue == String {
        guard settings.keys.contains(key) else { return nil }
        guard let choice = settings.string(key).flatMap(Choice.init(rawValue:)) else {
            throw .badRequest("invalid_setting", "\(key) must be one of \(Choice.names)")
        }
        return choice
    }
}

extension CaseIterable where Self: RawRepresentable, RawValue == String {
    /// The choices for a message, such as `free, pro, scale, max`.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
