/// A script of what happens to an organisation: changes of its devices and of its plan, and faults of the service, each
/// at its time.
struct Scenario: Equatable, Sendable {
    /// The steps in the order of their times.
    let steps: [Step]

    struct Step: Equatable, Sendable {
        /// When it takes place or begins, in milliseconds since the scenario began.
        let time: Int
        /// The devices that it is about.
        let devices: DeviceSelection
        let action: Action
    }

    enum Action: Equatable, Sendable {
        case change(Change)
        case fault(FaultRule)
    }

    /// What an operator might do.
    enum Change: Equatable, Sendable {
        case register, revoke, unrevoke, remove
        case plan(PlanChange)

        /// The name of the step's member.
        var name: String {
            switch self {
            case .register: "register"
            case .revoke: "revoke"
            case .unrevoke: "unrevoke"
            case .remove: "remove"
            case .plan: "plan"
            }
        }
    }

    /// Which requests have a fault, and which one.
    struct FaultRule: Equatable, Sendable {
        /// nil for every operation.
        let operation: Operation?
        /// How long it lasts in milliseconds; nil for as long as the scenario.
        let duration: Int?
        /// How many requests have it; nil for all.
        let requests: Int?
        let delay: Int
        let ending: Fault.Ending
    }
}

/// What happens to one request instead of a prompt answer.
struct Fault: Equatable, Sendable {
    /// What follows the delay.
    enum Ending: Equatable, Sendable {
        /// The request is answered as it would be without a fault.
        case answer
        /// The request is refused, and nothing is done.
        case refuse(httpStatus: Int, retryAfter: Int?)
        /// The connection is reset.
        case close
        /// There is no answer until the client or the emulator ends.
        case hang
    }

    /// The number of its step, counted from 1.
    let step: Int
    /// In milliseconds.
    let delay: Int
    let ending: Ending
}

/// Devices by their ids.
enum DeviceSelection: Equatable, Sendable {
    case all
    case exactly(DeviceID)
    case prefix(String)

    /// Whether a request with this device is meant; nil is a request without one.
    func contains(_ id: DeviceID?) -> Bool {
        switch self {
        case .all: true
        case .exactly(let wanted): id == wanted
        case .prefix(let prefix): id?.text.utf8.starts(with: prefix.utf8) ?? false
        }
    }
}

/// A step that has changed something, for the log.
struct TakenStep: Sendable {
    let number: Int
    let action: String
    /// How many devices it has changed.
    let deviceCount: Int
}
