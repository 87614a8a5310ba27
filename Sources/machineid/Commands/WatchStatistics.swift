internal import CTool

/// Prints how many devices are in each state and what the client has counted, once in each period of --stats and
/// whenever SIGUSR1 arrives, as dd(1) does.
struct WatchStatistics {
    /// Milliseconds from one report to the next; nil without --stats.
    private let period: Int?
    private var nextTime: Int

    init(every period: Int?) {
        self.period = period
        nextTime = Clock.now + (period ?? 0)
    }

    /// Keeps SIGUSR1 pending until `wait` takes it. Call it before there is another thread.
    static func holdBackSignal() {
        var signals = WatchStatistics.signals
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private static var signals: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGUSR1)
        return signals
    }

    /// Waits for that time, or until SIGUSR1 arrives. Returns whether a report is due.
    mutating func wait(_ milliseconds: Int) -> Bool {
        var signals = WatchStatistics.signals
        var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        if sigtimedwait(&signals, nil, &time) == SIGUSR1 { return true }
        guard let period, Clock.now >= nextTime else { return false }
        nextTime = Clock.now + period
        return true
    }

    /// Prints the report: a line on standard error, or with --json an object among the changes.
    static func say(_ devices: [Watched], _ client: Client, _ console: Console) {
        guard let stats = client.stats() else { return }
        let states: [Watched.State] = [.allowed, .denied, .unknown]
        let counts = states.map { state in (state.word, devices.reduce(0) { $0 + ($1.state == state ? 1 : 0) }) }
        if console.isJSON {
            let object = JSON.object()
            object.set("time", Clock.utc)
            let byState = JSON.object()
            for (word, count) in counts { byState.set(word, count) }
            object.set("devices", byState)
            object.set("stats", stats)
            return console.say(object.line)
        }
        var parts = ["devices: " + counts.map { "\($1) \($0)" }.joined(by: ", ")]
        parts.append("calls: " + calls(stats))
        parts.append("retries: \(stats.integer("retries") ?? 0)")
        let connections = stats["connections"]
        let made = connections?.integer("made") ?? 0
        parts.append("connections: \(made) made, \(connections?.integer("reused") ?? 0) reused")
        let age = stats["last_answer"]?.integer("age_ms").map { "\(Number.seconds($0)) s ago" }
        parts.append("last answer: \(age ?? "none yet")")
        let time = console.hasErrorTerminal ? Clock.timeOfDay(Clock.utc) : Clock.utc
        console.sayNote("\(time)  " + parts.joined(by: "; "))
    }

    /// How many calls ended with each status, over all operations.
    private static func calls(_ stats: JSON) -> String {
        var sums: [(status: String, count: Int)] = []
        for (_, call) in stats["calls"]?.members ?? [] {
            for (status, value) in call["statuses"]?.members ?? [] {
                guard let count = value.integer, count > 0 else { continue }
                if let known = sums.firstIndex(where: { $0.status.isSame(as: status) }) {
                    sums[known].count += count
                } else {
                    sums.append((status, count))
                }
            }
        }
        return sums.isEmpty ? "none yet" : sums.map { "\($0.count) \($0.status)" }.joined(by: ", ")
    }
}
