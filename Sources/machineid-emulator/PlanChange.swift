/// New values for parts of a plan.
struct PlanChange: Equatable, Sendable {
    var tier: PlanTier?
    var state: PlanState?
    var executionEnabled: Bool?

    func apply(to plan: inout Plan) {
        plan.tier = tier ?? plan.tier
        plan.state = state ?? plan.state
        plan.executionEnabled = executionEnabled ?? plan.executionEnabled
    }
}

extension PlanChange {
    /// Reads those of `planTier`, `planState` and `executionEnabled` that the object has.
    init(_ settings: JSONObject) throws(Refusal) {
        try Settings.expect(["planTier", "planState", "executionEnabled"], in: settings)
        tier = try Settings.choice("planTier", in: settings)
        state = try Settings.choice("planState", in: settings)
        executionEnabled = settings.bool("executionEnabled")
        if executionEnabled == nil && settings.keys.contains("executionEnabled") {
            throw .badRequest("invalid_setting", "executionEnabled must be true or false")
        }
    }
}
