internal import CTool

extension Command {
    static let watch = Command(
        name: "watch", operands: "ID... | --prefix P", about: "print a line for each change of a decision",
        details: [
            "Each line has the time in UTC, the device, what it was and what it is now, the code and the request id; "
                + "on a terminal that is too narrow the last two are in a line of their own. "
                + "A device is allowed, denied, or unknown, which is when no answer comes or the last allow has "
                + "become too old. The first lines tell how things stand.",
            "An allowed device is watched by a guard, as a program would have it: a silent authority makes it unknown "
                + "after three intervals.",
            "With --stats, and whenever SIGUSR1 arrives, it prints how many devices are in each state and what the "
                + "library has counted: a line on standard error, or with --json an object with the member stats.",
            "Once it watches, it ends by a signal, or with 5 when its output cannot be written. The other exit "
                + "statuses below are those of its beginning.",
        ],
        options: [
            Option(
                name: "prefix", value: .text("P"),
                about: "watch the devices of the organisation, at this moment, whose ids begin with P"),
            Option(name: "interval", value: .text("S"), about: "seconds from one check to the next. Default: 5"),
            Option(name: "stats", value: .text("S"), about: "print the counts every S seconds"),
        ],
        examples: [
            "machineid watch worker:prod:07", "machineid --json watch --prefix worker:prod: >>changes.ndjson",
            "machineid watch --stats 60 --prefix worker:prod:",
        ],
        run: runWatch)
}

/// The longest pause between two looks at the guards, in milliseconds.
private let longestTick = 100
/// How many guards are started in one round. Each start asks the authority, and no guard is looked at meanwhile.
private let guardsAtOnce = 20
private let batchSize = 500

@Sendable private func runWatch(_ session: Session, _ arguments: Arguments) throws(Failure) -> Int32 {
    let interval = try arguments.value("interval").map { text throws(Failure) in
        try Number.milliseconds(text, "--interval", 20...3_600_000)
    }
    let period = try arguments.value("stats").map { text throws(Failure) in
        try Number.milliseconds(text, "--stats", 100...86_400_000)
    }
    WatchStatistics.holdBackSignal()
    let devices = try chosen(session, arguments)
    try watch(devices.map { Watched($0) }, session, every: interval ?? 5000, WatchStatistics(every: period))
}

private func chosen(_ session: Session, _ arguments: Arguments) throws(Failure) -> [String] {
    guard let prefix = arguments.value("prefix") else {
        guard !arguments.operands.isEmpty else {
            throw .usage("watch needs a device: machineid watch ID..., or --prefix P")
        }
        return try DeviceID.read(arguments.operands)
    }
    guard arguments.operands.isEmpty else {
        throw .usage("watch takes device ids or --prefix, not both; leave one out")
    }
    let devices = try Devices.list(session).map { $0.id }.filter { $0.begins(with: prefix) }
    guard !devices.isEmpty else {
        throw .usage("--prefix: no device of the organisation begins with '\(prefix)'; 'machineid list' shows them")
    }
    return devices
}

private func watch(
    _ devices: [Watched], _ session: Session, every interval: Int, _ statistics: WatchStatistics
) throws(Failure) -> Never {
    var statistics = statistics
    let client = try session.client()
    let width = devices.reduce(0) { max($0, $1.id.columns) }
    var nextQuestion = Clock.now
    while true {
        for device in devices {
            if let change = device.look() { show(change, device.id, width, session.console) }
        }
        if Clock.now >= nextQuestion {
            nextQuestion = Clock.now + interval
            let unguarded = devices.filter { $0.guardian == nil }
            var start = 0
            while start < unguarded.count {
                let batch = unguarded[start..<min(unguarded.count, start + batchSize)]
                start += batchSize
                let verdicts = try client.validate(batch.map { $0.id })
                for (device, verdict) in zip(batch, verdicts) {
                    if let change = device.note(verdict) { show(change, device.id, width, session.console) }
                }
                try session.console.finish()
            }
            for device in unguarded.prefix(guardsAtOnce) { device.startGuard(client, intervalMilliseconds: interval) }
        }
        try session.console.finish()
        // Without this, a reader that has ended, such as head(1), would be noticed only at the next change.
        try session.console.checkReader()
        if statistics.wait(min(interval, longestTick)) { WatchStatistics.say(devices, client, session.console) }
    }
}

private func show(_ change: Watched.Change, _ id: String, _ width: Int, _ console: Console) {
    let time = Clock.utc
    if console.isJSON {
        let object = JSON.object()
        object.set("time", time)
        object.set("device", id)
        object.set("from", change.from?.word)
        object.set("to", change.to.word)
        object.set("code", change.code)
        object.set("request_id", change.requestID)
        return console.say(object.line)
    }
    let from = change.from?.word ?? "-"
    let cells = [time, id, from, change.to.word, change.code, change.requestID ?? "-"].map { $0.withoutControls }
    guard console.isTerminal else { return console.say(cells.joined(by: "\t")) }
    let start = Clock.timeOfDay(time) + "  "
    let transition = 7 + 4 + 7
    let columns = console.columns
    let room = max(0, columns - start.columns - 2 - transition)
    let colour: Colour = change.to == .allowed ? .green : change.to == .denied ? .red : .yellow
    let to = console.coloured(cells[3].padded(to: 7), colour)
    let line = start + cells[1].padded(to: columns == 0 ? width : min(width, room))
        + "  \(cells[2].padded(to: 7)) -> \(to)"
    let rest = "\(cells[4])  \(cells[5])"
    // Room for the widest code and a request id. Either all lines are broken at this place, or none is.
    let isBroken = columns > 0 && room < width + 2 + 21 + 2 + 36
    console.say(line + (isBroken ? "\n" + String(repeating: " ", count: start.columns) : "  ") + rest)
}
