/// The operations of the service. The raw value is the name by which a scenario and the list of requests call it.
enum Operation: String, CaseIterable, Sendable {
    case validate, register, list, revoke, unrevoke, remove, usage

    /// Whether a request for it names a device.
    var namesDevice: Bool { self != .list && self != .usage }
}
