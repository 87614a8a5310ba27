internal import CMachineID

/// A status of machineid.h. Numbers without a name here are possible too.
struct Status: Equatable {
    let rawValue: mid_status

    init(rawValue: mid_status) { self.rawValue = rawValue }
    private init(_ constant: Int) { rawValue = mid_status(truncatingIfNeeded: constant) }

    static var ok: Status { Status(MID_OK) }
    static var refused: Status { Status(MID_REFUSED) }
    static var invalidArgument: Status { Status(MID_INVALID_ARGUMENT) }
    static var invalidOptions: Status { Status(MID_INVALID_OPTIONS) }
    static var noOrgKey: Status { Status(MID_NO_ORG_KEY) }
    static var resolveFailed: Status { Status(MID_RESOLVE_FAILED) }
    static var connectFailed: Status { Status(MID_CONNECT_FAILED) }
    static var tlsFailed: Status { Status(MID_TLS_FAILED) }
    static var transferFailed: Status { Status(MID_TRANSFER_FAILED) }
    static var timeout: Status { Status(MID_TIMEOUT) }
    static var unavailable: Status { Status(MID_UNAVAILABLE) }
    static var badReply: Status { Status(MID_BAD_REPLY) }
    static var cancelled: Status { Status(MID_CANCELLED) }
    static var outOfMemory: Status { Status(MID_OUT_OF_MEMORY) }
    static var `internal`: Status { Status(MID_INTERNAL) }

    /// Whether machineid.h has a name for it.
    var isKnown: Bool { !(name.cString == Status.unknown) }

    /// The name of a number that machineid.h has none for.
    private static var unknown: Literal { "MID_UNKNOWN_STATUS" }

    /// The name as in machineid.h.
    var name: Literal {
        switch self {
        case .ok: "MID_OK"
        case .refused: "MID_REFUSED"
        case .invalidArgument: "MID_INVALID_ARGUMENT"
        case .invalidOptions: "MID_INVALID_OPTIONS"
        case .noOrgKey: "MID_NO_ORG_KEY"
        case .resolveFailed: "MID_RESOLVE_FAILED"
        case .connectFailed: "MID_CONNECT_FAILED"
        case .tlsFailed: "MID_TLS_FAILED"
        case .transferFailed: "MID_TRANSFER_FAILED"
        case .timeout: "MID_TIMEOUT"
        case .unavailable: "MID_UNAVAILABLE"
        case .badReply: "MID_BAD_REPLY"
        case .cancelled: "MID_CANCELLED"
        case .outOfMemory: "MID_OUT_OF_MEMORY"
        case .internal: "MID_INTERNAL"
        default: Status.unknown
        }
    }
}
