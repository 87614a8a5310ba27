/// One organisation: its plan and its devices. Any thread may use it.
final class Organisation: Sendable {
    struct Device: Equatable, Sendable {
        let id: DeviceID
        var revoked = false
        /// The number of the registration. Devices are listed in this order.
        fileprivate let number: Int
    }

    private struct Contents: Sendable {
        var plan: Plan
        var outage: Outage?
        var devices: [DeviceID: Device] = [:]
        var registrations = 0

        // A revoked device still counts against the limit until it is removed. Otherwise an organisation could revoke a
        // device, register another in its place, unrevoke the first, and have more devices than it pays for.
        var usage: Usage { Usage(plan: plan, devicesUsed: devices.count) }
    }

    /// The plan that `reset` restores.
    private let initialPlan: Plan
    private let contents: Monitor<Contents>

    init(plan: Plan) {
        initialPlan = plan
        contents = Monitor(Contents(plan: plan))
    }

    var usage: Usage { contents.withLock { $0.usage } }

    /// All devices, active and revoked, oldest first.
    var devices: [Device] {
        contents.withLock { Array($0.devices.values) }.sorted { $0.number < $1.number }
    }

    /// Registers a device. A device that exists does not change: a revoked one stays revoked.
    func register(_ id: DeviceID) -> (Registration, Usage) {
        contents.withLock { contents in
            if contents.devices[id] != nil { return (.exists, contents.usage) }
            if contents.usage.remaining == 0 { return (.limitReached, contents.usage) }
            contents.registrations += 1
            contents.devices[id] = Device(id: id, number: contents.registrations)
            return (.created, contents.usage)
        }
    }

    /// May this device run now? A reason that concerns the whole organisation takes precedence over one that concerns
    /// the device.
    func validate(_ id: DeviceID) -> (Decision, Usage) {
        contents.withLock { contents in
            let decision: Decision =
                switch (contents.plan.state, contents.plan.executionEnabled, contents.devices[id]?.revoked) {
                case (.notActive, _, _): .planNotActive
                case (.frozen, _, _): .planFrozen
                case (_, false, _): .executionDisabled
                case (_, _, nil): .deviceNotRegistered
                case (_, _, true?): .deviceRevoked
                case (.active, true, false?): .allow
                }
            return (decision, contents.usage)
        }
    }

    /// Revokes or unrevokes a device. nil when there is no such device.
    func setRevoked(_ id: DeviceID, _ revoked: Bool) -> Usage? {
        contents.withLock { contents in
            guard contents.devices[id] != nil else { return nil }
            contents.devices[id]?.revoked = revoked
            return contents.usage
        }
    }

    /// Removes a device. nil when there is no such device.
    func remove(_ id: DeviceID) -> Usage? {
        contents.withLock { contents in
            contents.devices.removeValue(forKey: id).map { _ in contents.usage }
        }
    }

    /// Changes the plan. The devices stay, even when the new plan allows fewer.
    func changePlan(_ change: (inout Plan) -> Void) -> Usage {
        contents.withLock { contents in
            change(&contents.plan)
            return contents.usage
        }
    }

    /// Begins an outage, which replaces one in progress; nil ends it.
    func setOutage(_ outage: Outage?) { contents.withLock { $0.outage = outage } }

    /// The outage that applies to one request, and counts that request. The outage may be over afterwards.
    func sufferOutage() -> Outage? {
        contents.withLock { contents in
            guard let outage = contents.outage else { return nil }
            if let left = outage.requestsLeft {
                contents.outage?.requestsLeft = left - 1
                if left == 1 { contents.outage = nil }
            }
            return outage
        }
    }

    /// Restores the state at the start of the emulator: no devices, the first plan, no outage.
    func reset() -> Usage {
        contents.withLock { contents in
            contents = Contents(plan: initialPlan)
            return contents.usage
        }
    }
}

/// The result of a registration.
enum Registration: Sendable {
    case created, exists, limitReached
}

/// The answer to a validate. The raw value is the service's code for it.
enum Decision: String, Sendable {
    case allow = "ALLOW"
    case deviceRevoked = "DEVICE_REVOKED"
    case planNotActive = "PLAN_NOT_ACTIVE"
    case planFrozen = "PLAN_FROZEN"
    // No public page shows the service's codes for these two; they are assumed.
    case deviceNotRegistered = "DEVICE_NOT_REGISTERED"
    case executionDisabled = "EXECUTION_DISABLED"
}
