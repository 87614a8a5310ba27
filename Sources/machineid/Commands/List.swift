extension Command {
    static let list = Command(
        name: "list", operands: "", about: "list the organisation's devices",
        options: [
            Option(name: "active", about: "only devices that are not revoked"),
            Option(name: "revoked", about: "only revoked devices"),
            Option(name: "prefix", value: .text("P"), about: "only devices whose ids begin with P"),
        ],
        examples: ["machineid list --revoked", "machineid list --prefix worker: | cut -f 1"],
        run: runList)
}

@Sendable private func runList(_ session: Session, _ arguments: Arguments) throws(Failure) -> Int32 {
    if let operand = arguments.operands.first {
        throw .usage("list takes no argument '\(operand)'; --prefix chooses devices")
    }
    if arguments.has("active") && arguments.has("revoked") {
        throw .usage("list takes --active or --revoked, not both; leave one out")
    }
    let prefix = arguments.value("prefix") ?? ""
    let console = session.console
    var table = Table(["DEVICE", "STATE"])
    for device in try Devices.list(session) where device.id.begins(with: prefix) {
        if device.isRevoked ? arguments.has("active") : arguments.has("revoked") { continue }
        if console.isJSON {
            let object = JSON.object()
            object.set("device", device.id)
            object.set("revoked", device.isRevoked)
            object.addMissing(from: device.entry)
            object.remove("deviceId")
            console.say(object.line)
        } else {
            let isRevoked = device.isRevoked
            table.add([.init(device.id), .init(isRevoked ? "revoked" : "active", isRevoked ? .red : .green)])
        }
    }
    table.print(to: console)
    return ExitStatus.done
}
