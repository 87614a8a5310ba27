/// One organisation: its plan, its devices, and what a scenario does to them. Any thread may use it.
final class Organisation: Sendable {
    struct Device: Equatable, Sendable {
        let id: DeviceID
        var revoked = false
        /// The number of the registration. Devices are listed in this order.
        let number: Int
    }

    struct Contents: Sendable {
        var plan: Plan
        var outage: Outage?
        var scenario: ScenarioRun?
        var devices: [DeviceID: Device] = [:]
        var registrations = 0

        // A revoked device still counts against the limit until it is removed. Otherwise an organisation could revoke a
        // device, register another in its place, unrevoke the first, and have more devices than it pays for.
        var usage: Usage { Usage(plan: plan, devicesUsed: devices.count) }
    }

    /// The plan and the scenario that `reset` restores.
    private let initialPlan: Plan
    private let initialScenario: Scenario?
    private let store: OrganisationStore?
    private let clock: @Sendable () -> Int
    private let contents: Monitor<Contents>
    private let recent = Monitor(RecentRequests())

    /// Begins with what the store has, and with the scenario.
    ///
    /// - Parameter clock: the time in milliseconds, which never goes back.
    init(
        plan: Plan, scenario: Scenario? = nil, store: OrganisationStore? = nil,
        clock: @escaping @Sendable () -> Int = monotonicMilliseconds
    ) throws(DatabaseError) {
        initialPlan = plan
        initialScenario = scenario
        self.store = store
        self.clock = clock
        var first = Contents(plan: plan)
        if let stored = try store?.load() {
            first.plan = stored.plan ?? plan
            for device in stored.devices { first.devices[device.id] = device }
            first.registrations = stored.devices.map(\.number).max() ?? 0
        }
        first.scenario = scenario.map { ScenarioRun($0, start: clock()) }
        contents = Monitor(first)
    }

    var usage: Usage { contents.withLock { $0.usage } }

    /// All devices, active and revoked, oldest first.
    var devices: [Device] {
        contents.withLock { Array($0.devices.values) }.sorted { $0.number < $1.number }
    }

    /// Registers a device. A device that exists does not change: a revoked one stays revoked.
    func register(_ id: DeviceID) throws(Refusal) -> (Registration, Usage) {
        try change { (contents) throws(DatabaseError) in
            (try Self.register(id, in: &contents, store), contents.usage)
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
    func setRevoked(_ id: DeviceID, _ revoked: Bool) throws(Refusal) -> Usage? {
        try change { (contents) throws(DatabaseError) in
            guard contents.devices[id] != nil else { return nil }
            try Self.setRevoked([id], revoked, in: &contents, store)
            return contents.usage
        }
    }

    /// Removes a device. nil when there is no such device.
    func remove(_ id: DeviceID) throws(Refusal) -> Usage? {
        try change { (contents) throws(DatabaseError) in
            guard contents.devices[id] != nil else { return nil }
            try Self.remove([id], from: &contents, store)
            return contents.usage
        }
    }

    /// Changes the plan. The devices stay, even when the new plan allows fewer.
    func changePlan(_ change: PlanChange) throws(Refusal) -> Usage {
        try self.change { (contents) throws(DatabaseError) in
            try Self.apply(change, to: &contents, store)
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

    /// Begins a scenario, which replaces one in progress; nil ends it. What it has done stays done.
    func setScenario(_ scenario: Scenario?) {
        contents.withLock { $0.scenario = scenario.map { ScenarioRun($0, start: clock()) } }
    }

    /// Does what the scenario has for the time until now. Call it before a request is answered.
    func catchUp() throws(Refusal) -> [TakenStep] {
        try change { (contents) throws(DatabaseError) in
            var taken: [TakenStep] = []
            // This time is taken under the lock, so that no step follows a later one of another thread.
            let now = clock()
            while let (number, devices, change) = contents.scenario?.nextChange(at: now) {
                let count = try Self.apply(change, to: devices, in: &contents, store)
                contents.scenario?.completeChange()
                taken.append(TakenStep(number: number, action: change.name, deviceCount: count))
            }
            return taken
        }
    }

    /// The fault that the scenario has for a request, which is counted.
    func takeFault(for operation: Operation, _ device: DeviceID?) -> Fault? {
        contents.withLock { $0.scenario?.takeFault(for: operation, device, at: clock()) }
    }

    /// Whether there is a scenario.
    var hasScenario: Bool { contents.withLock { $0.scenario != nil } }

    /// Restores the state at the first start of the emulator: no devices, the first plan, no outage, no requests, and
    /// the first scenario from its beginning.
    func reset() throws(Refusal) -> Usage {
        let usage = try change { (contents) throws(DatabaseError) in
            try store?.clear()
            contents = Contents(plan: initialPlan)
            contents.scenario = initialScenario.map { ScenarioRun($0, start: clock()) }
            return contents.usage
        }
        forgetRequests()
        return usage
    }

    func record(_ request: RecordedRequest) { recent.withLock { $0.append(request) } }

    var recentRequests: RecentRequests { recent.withLock { $0 } }

    func forgetRequests() { recent.withLock { $0 = RecentRequests() } }

    /// Changes the contents and the store. Where the store fails, the contents stay as they are.
    private func change<Result>(
        _ body: (inout Contents) throws(DatabaseError) -> Result
    ) throws(Refusal) -> Result {
        do throws(DatabaseError) {
            return try contents.withLock(body)
        } catch {
            throw .stateNotSaved(error)
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
