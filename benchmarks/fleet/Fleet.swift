// Simulates how many requests per second a fleet of guarded agents sends to the authority. The pauses come from the
// library's own GuardSchedule, compiled into this program.
//
// Time advances in steps of 20 ms. Every agent has one check due; the checks of a step count as requests of that step.

@main
enum Fleet {
    static let interval = 5_000
    static let maxAge = 15_000
    static let timeout = 10_000
    static let outage = 60_000..<660_000  // milliseconds
    static let end = 780_000

    /// How checks fail while there is no answer.
    enum Absence: String, CaseIterable {
        /// Nothing listens: a check fails at once.
        case gone
        /// Nothing answers: a check fails when its time is over.
        case silent
    }

    static func main() {
        print("Agents with the default interval of 5 s and the client's timeout_ms of 10 s; all start at once.")
        print("From 60 s to 660 s the authority is gone, and a check fails at once, or silent, and it fails after")
        print("10 s; a guard that is on asks a second time after 4.75 s.")
        print("Requests a second, the greatest of any second; in brackets, in steady states of agents / interval.\n")
        print(
            row(
                "agents", "authority", "steady state", "at the start", "after the start", "in the outage",
                "after the outage", "all are on again"))
        for argument in CommandLine.arguments.dropFirst() {
            guard let agents = Int(argument), agents > 0 else {
                print("fleet: \(argument) is not a number of agents")
                return
            }
            for absence in Absence.allCases { simulate(agents, absence) }
        }
    }

    static func simulate(_ agents: Int, _ absence: Absence) {
        var simulation = Simulation(agents: agents, absence)
        simulation.run()
        let steady = agents * 1_000 / interval
        func peak(_ seconds: Range<Int>) -> String {
            let most = simulation.requests[seconds].max() ?? 0
            let hundredths = (most * 100 + steady / 2) / steady
            return "\(most) (\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100))"
        }
        print(
            row(
                "\(agents)", absence.rawValue, "\(steady)", peak(0..<1), peak(1..<60), peak(61..<660), peak(660..<780),
                "\((simulation.allOnAgain - outage.upperBound) / 1_000) s after"))
    }

    static func row(_ columns: String...) -> String {
        columns.map { $0 + String(repeating: " ", count: max(0, 18 - $0.count)) }.joined()
    }
}

struct Simulation {
    private static let step = 20
    private let absence: Fleet.Absence
    private var schedules: [GuardSchedule]
    private var isOn: [Bool]
    /// Whether a check that has no answer yet has another one beside it.
    private var isLate: [Bool]
    /// When each agent was last allowed.
    private var allowedAt: [Int32]
    /// The agents due in each step, for as many steps as the longest pause or check takes.
    private var due: [[Int32]]
    private(set) var requests = [Int](repeating: 0, count: Fleet.end / 1_000)
    private(set) var allOnAgain = 0

    init(agents: Int, _ absence: Fleet.Absence) {
        self.absence = absence
        due = [[Int32]](repeating: [], count: max(2 * Fleet.interval, Fleet.timeout) / Simulation.step + 1)
        schedules = (0..<agents).map { agent in
            GuardSchedule(interval: Fleet.interval, random: RandomNumber(seed: UInt64(agent) &* 0x9e37_79b9_7f4a_7c15))
        }
        isOn = [Bool](repeating: true, count: agents)
        isLate = [Bool](repeating: false, count: agents)
        // Starting a guard makes its first check.
        requests[0] = agents
        allowedAt = [Int32](repeating: 0, count: agents)
        for agent in 0..<agents { wait(agent, schedules[agent].first(), from: 0) }
    }

    mutating func run() {
        var off = 0
        for time in stride(from: 0, to: Fleet.end, by: Simulation.step) {
            let slot = time / Simulation.step % due.count
            let now = due[slot]
            due[slot].removeAll(keepingCapacity: true)
            requests[time / 1_000] += now.count
            for agent in now.lazy.map(Int.init) {
                if Fleet.outage.contains(time) {
                    off += isOn[agent] ? 1 : 0
                    isOn[agent] = false
                    fail(agent, at: time)
                } else {
                    off -= isOn[agent] ? 0 : 1
                    isOn[agent] = true
                    isLate[agent] = false
                    allowedAt[agent] = Int32(time)
                    wait(agent, schedules[agent].afterDecision(), from: time)
                }
            }
            if off > 0 { allOnAgain = time + Simulation.step }
        }
    }

    private mutating func fail(_ agent: Int, at time: Int) {
        var length = 0
        if absence == .silent {
            let isOn = time - Int(allowedAt[agent]) < Fleet.maxAge
            let patience = schedules[agent].patience(whileOn: isOn, maxAge: Fleet.maxAge, timeout: Fleet.timeout)
            length = schedules[agent].limit(maxAge: Fleet.maxAge, timeout: Fleet.timeout)
            if let patience {
                isLate[agent].toggle()
                // Two checks may be open at a time: a third has to wait for the end of the first.
                return wait(agent, isLate[agent] ? patience : max(patience, length - patience), from: time)
            }
        }
        // The pause counts from the beginning of the check, so a check that took long has already paused.
        wait(agent, max(schedules[agent].afterFailure(retryAfter: 0), length), from: time)
    }

    private mutating func wait(_ agent: Int, _ pause: Int, from time: Int) {
        due[(time + max(pause, Simulation.step)) / Simulation.step % due.count].append(Int32(agent))
    }
}
