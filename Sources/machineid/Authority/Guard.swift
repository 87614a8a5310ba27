internal import CMachineID

/// A guard of the library. It keeps one device's permission fresh in the background.
final class Guard {
    private let handle: OpaquePointer

    /// nil when the first question brought no decision.
    init?(_ client: OpaquePointer, _ device: String, intervalMilliseconds: Int) {
        var guardian: OpaquePointer?
        let status = mid_guard_start(client, device, "{\"interval_ms\":\(intervalMilliseconds)}", &guardian, nil)
        guard status == MID_OK, let guardian else { return nil }
        handle = guardian
    }

    deinit { mid_guard_stop(handle) }

    var isAllowed: Bool { mid_guard_allowed(handle) == 1 }

    /// What the guard knows; nil when memory is refused.
    func decision() -> JSON? {
        var allowed: CInt = 0
        var text: UnsafeMutablePointer<CChar>?
        let status = mid_guard_decision(handle, &allowed, &text)
        return Answer(status, takingOver: text).reply
    }
}
