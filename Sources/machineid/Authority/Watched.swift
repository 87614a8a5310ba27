/// A watched device: its last state, and the guard that watches it while it is allowed. A guard's denial is final, so a
/// device that is not allowed has no guard, and the command asks about it at each interval.
final class Watched {
    enum State {
        case allowed, denied
        /// There is no decision, or the last allow is too old.
        case unknown

        var word: String {
            switch self {
            case .allowed: "allowed"
            case .denied: "denied"
            case .unknown: "unknown"
            }
        }
    }

    /// A change, for a line of output.
    struct Change {
        let from: State?
        let to: State
        let code: String
        let requestID: String?
    }

    let id: String
    private(set) var state: State?
    private var code = ""
    private(set) var guardian: Guard?

    init(_ id: String) { self.id = id }

    /// Stores the present state. Returns the change; nil when there is none.
    private func note(_ state: State, _ code: String, _ requestID: String?) -> Change? {
        if self.state == state && (state == .allowed || self.code.isSame(as: code)) { return nil }
        let change = Change(from: self.state, to: state, code: code, requestID: requestID)
        self.state = state
        self.code = code
        return change
    }

    /// Stores the answer about a device that has no guard.
    func note(_ verdict: Verdict) -> Change? {
        if let failure = verdict.failure { return note(.unknown, failure.code, failure.requestID) }
        return note(verdict.isAllowed ? .allowed : .denied, verdict.code, verdict.requestID)
    }

    /// Gives an allowed device a guard.
    func startGuard(_ client: Client, intervalMilliseconds: Int) {
        guard state == .allowed, guardian == nil else { return }
        guardian = client.guardian(of: id, intervalMilliseconds: intervalMilliseconds)
    }

    /// Reads the guard's state, which costs almost nothing while nothing has changed.
    func look() -> Change? {
        guard let guardian else { return nil }
        if guardian.isAllowed && state == .allowed { return nil }
        guard let known = guardian.decision(), let name = known.string("state") else { return nil }
        let decision = known["decision"]
        if name.isSame(as: "on") {
            return note(.allowed, decision?.string("code") ?? "-", decision?.string("request_id"))
        }
        if name.isSame(as: "lapsed") {
            let failure = known["failure"]
            let code = failure.flatMap { $0.string("code") ?? $0.string("error") } ?? "-"
            return note(.unknown, code, failure?.string("request_id"))
        }
        self.guardian = nil
        return note(.denied, decision?.string("code") ?? "-", decision?.string("request_id"))
    }
}
