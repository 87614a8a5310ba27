extension Command {
    static let usage = Command(
        name: "usage", operands: "", about: "show the organisation's plan and how much of it is used",
        options: [
            Option(
                name: "fail-over", value: .text("PERCENT"),
                about: "exit with 1 when more than PERCENT of the devices that the plan allows are in use")
        ],
        examples: ["machineid usage --fail-over 90 || echo 'the plan is nearly full'"],
        run: runUsage)
}

@Sendable private func runUsage(_ session: Session, _ arguments: Arguments) throws(Failure) -> Int32 {
    if let operand = arguments.operands.first { throw .usage("usage takes no argument '\(operand)'; leave it out") }
    let limit = try arguments.value("fail-over").map { text throws(Failure) in
        try Number.whole(text, "--fail-over", 0...100)
    }
    let answer = try session.client().usage()
    guard answer.isOK, let reply = answer.reply else { throw answer.failure(about: nil) }
    let used = reply.integer("devicesUsed")
    let most = reply.integer("limit")
    var percent: Int?
    if let used, let most, used >= 0, most > 0, used < Int.max / 100 { percent = used * 100 / most }
    if session.console.isJSON {
        let object = JSON.object()
        object.set("status", "MID_OK")
        object.set("percent_used", percent)
        object.set("reply", reply)
        session.console.say(object.line)
    } else {
        var table = Table([])
        table.add([.init("tier"), .init(reply.string("planTier"))])
        let state = reply.string("planState")
        table.add([.init("state"), .init(state, state.map { $0.isSame(as: "active") } == true ? .green : .red)])
        table.add([.init("devices used"), .init(used.map { "\($0)" })])
        table.add([.init("limit"), .init(most.map { "\($0)" })])
        table.add([.init("percent used"), .init(percent.map { "\($0)" }, (percent ?? 0) > 100 ? .red : .none)])
        table.print(to: session.console)
    }
    guard let limit else { return ExitStatus.done }
    guard let used, let most, most > 0 else {
        throw .badReply("the authority's reply has no number of devices used and no limit, which --fail-over needs")
    }
    // The percentage is rounded down, so the comparison is not made with it.
    guard Double(used) * 100 > Double(limit) * Double(most) else { return ExitStatus.done }
    session.console.sayNote("more than \(limit) percent of the devices that the plan allows are in use")
    return ExitStatus.denied
}
