/// The reason that the authority gives for a decision, as far as it is counted on its own: the codes that the authority
/// documents. Any other code, and a decision without one, is one of the others, so that what a peer sends makes no new
/// counter.
enum DecisionCode: UInt8 {
    case allow, otherAllow, deviceRevoked, planFrozen, planNotActive, otherDenial

    static var count: Int { 6 }

    init(isAllowed: Bool, _ code: UnsafePointer<CChar>?) {
        guard let code else {
            self = isAllowed ? .otherAllow : .otherDenial
            return
        }
        if isAllowed {
            self = code == DecisionCode.allow.name ? .allow : .otherAllow
        } else if code == DecisionCode.deviceRevoked.name {
            self = .deviceRevoked
        } else if code == DecisionCode.planFrozen.name {
            self = .planFrozen
        } else {
            self = code == DecisionCode.planNotActive.name ? .planNotActive : .otherDenial
        }
    }

    var isAllowed: Bool { self == .allow || self == .otherAllow }

    /// The name of the counter: the code itself, or "other".
    var name: Literal {
        switch self {
        case .allow: "ALLOW"
        case .deviceRevoked: "DEVICE_REVOKED"
        case .planFrozen: "PLAN_FROZEN"
        case .planNotActive: "PLAN_NOT_ACTIVE"
        case .otherAllow, .otherDenial: "other"
        }
    }
}
