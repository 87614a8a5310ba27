/// The tier that an organisation pays for, which limits its number of devices.
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

/// An organisation's plan, with the switch that stops all devices of the organisation at once.
struct Plan: Equatable, Sendable {
    var tier = PlanTier.max
    var state = PlanState.active
    var executionEnabled = true
}

/// A plan and how much of it is used. The service reports it in most replies.
struct Usage: Equatable, Sendable {
    let plan: Plan
    let devicesUsed: Int

    var limit: Int { plan.tier.deviceLimit }
    var remaining: Int { max(0, limit - devicesUsed) }
    /// Only a change to a smaller plan can take an organisation over its limit; a full plan is not over it.
    var overLimit: Bool { devicesUsed > limit }
}
