/// What an organisation pays for: how many devices it may hold.
enum PlanTier: String, CaseIterable, Sendable {
    case free, pro, scale, max

    var deviceLimit: Int {
        switch self {
        case .free: 3
        case .pro: 25
        case .scale: 250
        case .max: 1000
        }
    }
}

/// Whether the plan lets anything run.
enum PlanState: String, CaseIterable, Sendable {
    case active
    case frozen
    case notActive = "not_active"
}

/// An organisation's plan, and the switch beside it that stops every device of the organisation at once.
struct Plan: Equatable, Sendable {
    var tier = PlanTier.free
    var state = PlanState.active
    var executionEnabled = true
}

/// A plan and how much of it is used: what the service tells with every answer.
struct Usage: Equatable, Sendable {
    let plan: Plan
    let devicesUsed: Int

    var limit: Int { plan.tier.deviceLimit }
    var remaining: Int { max(0, limit - devicesUsed) }
    /// Full is not over: only a change to a smaller plan takes an organisation over its limit.
    var overLimit: Bool { devicesUsed > limit }
}
