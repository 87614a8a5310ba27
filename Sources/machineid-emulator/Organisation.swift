/// One organisation: its plan and its devices. Any thread may ask and change it.
final class Organisation: Sendable {
    struct Device: Equatable, Sendable {
        let id: DeviceID
        var revoked = false
        /// Counts registrations: the order in which devices are listed.
        fileprivate let number: Int
    }

    private struct Contents: Sendable {
        var plan: Plan
        var outage: Outage?
        var devices: [DeviceID: Device] = [:]
        var registrations = 0

        // A revoked device keeps its place, and only removing it gives the place back: otherwise an organisation could
        // revoke, register another in its stead, then unrevoke, and hold more devices than it pays for.
        var usage: Usage { Usage(plan: plan, devicesUsed: devices.count) }
    }

    private let initialPlan: Plan
    private let contents: Monitor<Contents>

    init(plan: Plan) {
        initialPlan = plan
        contents = Monitor(Contents(plan: plan))
    }

    var usage: Usage { contents.withLock { $0.usage } }

    /// All devices, active and revoked, the oldest first.
    var devices: [Device] {
        contents.withLock { Array($0.devices.values) }.sorted { $0.number < $1.number }
    }

    /// Registers a device. One that exists stays as it is: a revoked one stays revoked.
    func register(_ id: DeviceID) -> (Registration, Usage) {
        contents.withLock { contents in
            if contents.devices[id] != nil { return (.exists, contents.usage) }
            if contents.usage.remaining == 0 { return (.limitReached, contents.usage) }
            contents.registrations += 1
            contents.devices[id] = Device(id: id, number: contents.registrations)
            return (.created, contents.usage)
        }
    }

    /// May this device run now? What stops the whole organisation is told before what stops the device.
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

    /// Revokes a device or takes its revocation back. nil when there is no such device.
    func setRevoked(_ id: DeviceID, _ revoked: Bool) -> Usage? {
        contents.withLock { contents in
            guard contents.devices[id] != nil else { return nil }
            contents.devices[id]?.revoked = revoked
            return contents.usage
        }
    }

    /// Forgets a device. nil when there is no such device.
    func remove(_ id: DeviceID) -> Usage? {
        contents.withLock { contents in
            contents.devices.removeValue(forKey: id).map { _ in contents.usage }
        }
    }

    /// Changes the plan. The devices stay, even when there are more of them than the new plan allows.
    func changePlan(_ change: (inout Plan) -> Void) -> Usage {
        contents.withLock { contents in
            change(&contents.plan)
            return contents.usage
        }
    }

    /// Begins an outage in the place of any there is; nil ends it.
    func setOutage(_ outage: Outage?) { contents.withLock { $0.outage = outage } }

    /// The outage that a request runs into, which may be over after it.
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

    /// Back to how the emulator started: no devices, the first plan, no outage.
    func reset() -> Usage {
        contents.withLock { contents in
            contents = Contents(plan: initialPlan)
            return contents.usage
        }
    }
}

/// What became of a registration.
enum Registration: Sendable {
    case created, exists, limitReached
}

/// The answer to a validate: the code that the service gives for it.
enum Decision: String, Sendable {
    case allow = "ALLOW"
    case deviceRevoked = "DEVICE_REVOKED"
    case planNotActive = "PLAN_NOT_ACTIVE"
    case planFrozen = "PLAN_FROZEN"
    // No public page shows the service's codes for these two.
    case deviceNotRegistered = "DEVICE_NOT_REGISTERED"
    case executionDisabled = "EXECUTION_DISABLED"
}
