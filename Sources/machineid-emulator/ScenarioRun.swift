/// A scenario that has begun, and how far it has come. No thread drives it: before a request is answered, everything
/// takes place whose time has come, and nobody can see the difference.
struct ScenarioRun: Sendable {
    private let scenario: Scenario
    /// On the monotonic clock, in milliseconds.
    private let start: Int
    /// The first step that has not been looked at for changes.
    private var next = 0
    /// How many requests each fault has had.
    private var faultCounts: [Int]

    init(_ scenario: Scenario, start: Int) {
        self.scenario = scenario
        self.start = start
        faultCounts = Array(repeating: 0, count: scenario.steps.count)
    }

    /// The next change whose time has come. It comes again until `completeChange` is called.
    mutating func nextChange(at now: Int) -> (number: Int, devices: DeviceSelection, change: Scenario.Change)? {
        while next < scenario.steps.count, scenario.steps[next].time <= now - start {
            let step = scenario.steps[next]
            if case .change(let change) = step.action { return (next + 1, step.devices, change) }
            next += 1
        }
        return nil
    }

    /// Goes on to what follows the change that `nextChange` returned.
    mutating func completeChange() { next += 1 }

    /// The fault for a request, which is counted. Where several apply, the last one of the scenario does.
    mutating func takeFault(for operation: Operation, _ device: DeviceID?, at now: Int) -> Fault? {
        for index in scenario.steps.indices.reversed() {
            let step = scenario.steps[index]
            guard case .fault(let rule) = step.action else { continue }
            let age = now - start - step.time
            if age < 0 { continue }
            if let duration = rule.duration, age >= duration { continue }
            if let wanted = rule.operation, wanted != operation { continue }
            if let requests = rule.requests, faultCounts[index] >= requests { continue }
            if !step.devices.contains(device) { continue }
            faultCounts[index] += 1
            return Fault(step: index + 1, delay: rule.delay, ending: rule.ending)
        }
        return nil
    }
}
