extension Command {
    static let validate = Command(
        name: "validate", operands: "ID...", about: "ask whether devices may run now",
        details: [
            "Prints the decision on each device, in the order given. It is for a gate in a script: the exit status is "
                + "0 only when every device is allowed. A device without a decision is on standard error, with the "
                + "reason."
        ],
        options: [
            Option(name: "quiet", about: "print no decisions; only the exit status tells"),
            Option(name: "stdin", about: "read the device ids from standard input, one in each line"),
        ],
        examples: [
            "machineid validate worker:prod:07 && ./worker", "machineid --json validate --stdin <devices.txt",
        ],
        run: runValidate)
}

/// How many devices one call asks about. Each call has its own timeout.
private let batchSize = 500

@Sendable private func runValidate(_ session: Session, _ arguments: Arguments) throws(Failure) -> Int32 {
    let console = session.console
    if arguments.has("stdin") && !arguments.operands.isEmpty {
        throw .usage("validate takes device ids or --stdin, not both; leave one out")
    }
    if arguments.has("stdin"), try session.key().isStandardInput {
        throw .usage("standard input cannot hold both the devices and the org key; give another --key-file")
    }
    let devices = try arguments.has("stdin") ? DeviceID.readStandardInput() : DeviceID.read(arguments.operands)
    if devices.isEmpty && !arguments.has("stdin") {
        throw .usage("validate needs a device: machineid validate ID..., or --stdin")
    }
    if devices.isEmpty { throw .usage("--stdin has no device id; give one in each line") }
    let client = try session.client()
    var table = Table(Verdict.head)
    var failures = Failures()
    var exit = ExitStatus.done
    var start = 0
    while start < devices.count {
        let end = min(devices.count, start + batchSize)
        for verdict in try client.validate(Array(devices[start..<end])) {
            exit = ExitStatus.worse(exit, verdict.exit)
            if let failure = verdict.failure {
                failures.add(failure, to: console)
            } else if !arguments.has("quiet") {
                show(verdict, console, &table)
            }
        }
        table.print(to: console)
        console.flush()
        start = end
        if devices.count > batchSize { console.progress("\(end) of \(devices.count) devices") }
    }
    failures.report(to: console)
    return exit
}

private func show(_ verdict: Verdict, _ console: Console, _ table: inout Table) {
    if console.isJSON { console.say(verdict.json.line) } else { table.add(verdict.row) }
}
