/// Reads a scenario from JSON. Every mistake is an error that names the step, the member, and what to do.
enum ScenarioReader {
    /// The longest time that a member may give, in milliseconds: a day.
    static let longestTime = 86_400_000
    static let maximumSteps = 1000

    static func read(_ object: JSONObject) throws(ScenarioError) -> Scenario {
        if let unknown = object.keys.first(where: { $0 != "steps" }) {
            throw ScenarioError("there is no member \(name(unknown)); a scenario has only steps")
        }
        guard let elements = object.array("steps") else {
            throw ScenarioError("steps is missing or is not an array; write {\"steps\":[...]}")
        }
        guard elements.count <= maximumSteps else {
            throw ScenarioError("steps has \(elements.count) elements; take at most \(maximumSteps)")
        }
        var steps: [Scenario.Step] = []
        for element in elements {
            do throws(ScenarioError) {
                guard let element else { throw ScenarioError("is not an object; write it in braces") }
                steps.append(try StepReader(element).read(after: steps.last?.time))
            } catch {
                throw ScenarioError("step \(steps.count + 1): \(error.message)")
            }
        }
        return Scenario(steps: steps)
    }

    /// A name from the scenario for a message of one line.
    static func name(_ text: String) -> String { text.quotedIfNecessary(maximum: 80) }
}

/// What is wrong in a scenario, in one line.
struct ScenarioError: Error, Equatable {
    let message: String

    init(_ message: String) { self.message = message }
}

/// Reads one step.
private struct StepReader {
    private let step: JSONObject
    private let keys: [String]

    private static let times = ["at_ms", "after_ms"]
    private static let changes = ["register", "revoke", "unrevoke", "remove", "plan"]
    private static let endings = ["http_status", "close", "hang"]
    private static let ofFaults = ["operation", "for_ms", "requests", "retry_after", "delay_ms"] + endings
    private static let ofDevices = ["device", "device_prefix"]

    init(_ step: JSONObject) throws(ScenarioError) {
        self.step = step
        keys = step.keys
        let known = Self.times + Self.ofDevices + Self.changes + Self.ofFaults
        if let unknown = keys.first(where: { !known.contains($0) }) {
            throw ScenarioError(
                "there is no member \(ScenarioReader.name(unknown)); there are \(known.joined(separator: ", "))")
        }
    }

    func read(after previous: Int?) throws(ScenarioError) -> Scenario.Step {
        let time = try time(after: previous)
        let devices = try devices()
        if let change = try one(of: Self.changes) {
            if let other = keys.first(where: Self.ofFaults.contains) {
                throw ScenarioError("\(other) does not go with \(change); make two steps of it")
            }
            return Scenario.Step(time: time, devices: devices, action: .change(try read(change, of: devices)))
        }
        return Scenario.Step(time: time, devices: devices, action: .fault(try fault(of: devices)))
    }

    private func time(after previous: Int?) throws(ScenarioError) -> Int {
        if let time = try number("at_ms", 0...ScenarioReader.longestTime) {
            if keys.contains("after_ms") { throw ScenarioError("at_ms and after_ms exclude each other; take one") }
            if let previous, time < previous {
                throw ScenarioError("at_ms \(time) is before the step above, at \(previous); put the steps in order")
            }
            return time
        }
        let time = try (previous ?? 0) + (number("after_ms", 0...ScenarioReader.longestTime) ?? 0)
        guard time <= ScenarioReader.longestTime else {
            throw ScenarioError("after_ms leads beyond \(ScenarioReader.longestTime) ms; begin earlier")
        }
        return time
    }

    private func devices() throws(ScenarioError) -> DeviceSelection {
        guard let member = try one(of: Self.ofDevices) else { return .all }
        guard let text = step.string(member) else { throw ScenarioError("\(member) must be a string") }
        if member == "device_prefix" {
            guard text.utf8.count <= DeviceID.maximumBytes else {
                throw ScenarioError("device_prefix is longer than \(DeviceID.maximumBytes) bytes; shorten it")
            }
            return .prefix(text)
        }
        do throws(Refusal) {
            return .exactly(try DeviceID(trimming: text))
        } catch {
            throw ScenarioError("device must be an id of 1 to \(DeviceID.maximumBytes) bytes")
        }
    }

    private func read(_ change: String, of devices: DeviceSelection) throws(ScenarioError) -> Scenario.Change {
        if change == "plan" {
            if devices != .all { throw ScenarioError("plan is the organisation's; leave out the device") }
            guard let settings = step.object("plan") else {
                throw ScenarioError("plan must be an object, such as {\"planState\":\"frozen\"}")
            }
            do throws(Refusal) {
                return .plan(try PlanChange(settings))
            } catch {
                throw ScenarioError("plan: \(error.message)")
            }
        }
        try expectTrue(change)
        if devices == .all { throw ScenarioError("\(change) needs device or device_prefix") }
        switch change {
        case "revoke": return .revoke
        case "unrevoke": return .unrevoke
        case "remove": return .remove
        default:
            guard case .exactly = devices else { throw ScenarioError("register needs device, not device_prefix") }
            return .register
        }
    }

    private func fault(of devices: DeviceSelection) throws(ScenarioError) -> Scenario.FaultRule {
        let ending = try ending()
        let delay = try number("delay_ms", 1...ScenarioReader.longestTime)
        if ending == nil && delay == nil {
            let all = Self.endings + ["delay_ms"] + Self.changes
            throw ScenarioError("has no effect; add one of \(all.joined(separator: ", "))")
        }
        if ending == .hang && delay != nil { throw ScenarioError("delay_ms does not go with hang; leave one out") }
        let operation = try operation()
        if let operation, !operation.namesDevice, devices != .all {
            throw ScenarioError("operation \(operation.rawValue) names no device; leave out the device")
        }
        return Scenario.FaultRule(
            operation: operation, duration: try number("for_ms", 1...ScenarioReader.longestTime),
            requests: try number("requests", 1...1_000_000_000), delay: delay ?? 0, ending: ending ?? .answer)
    }

    private func ending() throws(ScenarioError) -> Fault.Ending? {
        let ending = try one(of: Self.endings)
        if ending != "http_status" && keys.contains("retry_after") {
            throw ScenarioError("retry_after goes with http_status; add it, or leave retry_after out")
        }
        switch ending {
        case nil: return nil
        case "close":
            try expectTrue("close")
            return .close
        case "hang":
            try expectTrue("hang")
            return .hang
        default:
            return .refuse(
                httpStatus: try number("http_status", 400...599) ?? 503,
                retryAfter: try number("retry_after", 0...ScenarioReader.longestTime / 1000))
        }
    }

    private func operation() throws(ScenarioError) -> Operation? {
        guard keys.contains("operation") else { return nil }
        guard let operation = step.string("operation").flatMap(Operation.init(rawValue:)) else {
            throw ScenarioError("operation must be one of \(Operation.names)")
        }
        return operation
    }

    /// The one member among these that is there; throws when there are two.
    private func one(of members: [String]) throws(ScenarioError) -> String? {
        let found = keys.filter(members.contains)
        if found.count > 1 { throw ScenarioError("\(found[0]) and \(found[1]) exclude each other; take one") }
        return found.first
    }

    private func expectTrue(_ member: String) throws(ScenarioError) {
        guard step.bool(member) == true else { throw ScenarioError("\(member) must be true; without it, leave it out") }
    }

    private func number(_ member: String, _ range: ClosedRange<Int>) throws(ScenarioError) -> Int? {
        guard keys.contains(member) else { return nil }
        guard let number = step.integer(member), range.contains(number) else {
            throw ScenarioError("\(member) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
