extension Command {
    static let register = Command(
        name: "register", operands: "ID...", about: "register devices with the organisation",
        details: ["Registering a device again changes nothing, and restores no revoked device."],
        examples: ["machineid register worker:prod:07"],
        run: { session, arguments throws(Failure) in
            try Change.register.apply(to: devices(arguments, "register"), session)
        })

    static let unrevoke = Command(
        name: "unrevoke", operands: "ID...", about: "take revocations back",
        examples: ["machineid unrevoke worker:prod:07"],
        run: { session, arguments throws(Failure) in
            try Change.unrevoke.apply(to: devices(arguments, "unrevoke"), session)
        })

    static let revoke = Command(
        name: "revoke", operands: "ID... | --prefix P [--yes]", about: "revoke devices: from now on they are denied",
        details: [
            "With --prefix it revokes all active devices whose ids begin with P, after it has asked on the terminal. "
                + "Where there is no terminal, --yes must be given; otherwise it says what it would do, and fails.",
            "Eight devices are revoked at a time, and each is printed once it and those before it are done. A signal, "
                + "such as that of ^C, ends it: no further request is sent, and it says how many devices are revoked.",
        ],
        options: [
            Option(name: "prefix", value: .text("P"), about: "the devices whose ids begin with P"), yes,
        ],
        examples: ["machineid revoke worker:prod:07", "machineid revoke --prefix worker:prod: --yes"],
        run: runRevoke)

    static let remove = Command(
        name: "remove", operands: "ID...", about: "remove devices for good",
        details: [
            "It asks on the terminal first. Where there is no terminal, --yes must be given."
        ],
        options: [yes],
        examples: ["machineid remove --yes worker:prod:07"],
        run: runRemove)

    private static let yes = Option(name: "yes", about: "do not ask")
}

private func devices(_ arguments: Arguments, _ command: String) throws(Failure) -> [String] {
    guard !arguments.operands.isEmpty else {
        throw .usage("\(command) needs a device: machineid \(command) ID...")
    }
    return try DeviceID.read(arguments.operands)
}

@Sendable private func runRemove(_ session: Session, _ arguments: Arguments) throws(Failure) -> Int32 {
    let devices = try devices(arguments, "remove")
    let what = "remove \(counted(devices.count)) for good"
    guard try isConfirmed(what, devices, session, arguments) else { return ExitStatus.denied }
    return try Change.remove.apply(to: devices, session)
}

@Sendable private func runRevoke(_ session: Session, _ arguments: Arguments) throws(Failure) -> Int32 {
    guard let prefix = arguments.value("prefix") else {
        return try Change.revoke.apply(to: devices(arguments, "revoke"), session)
    }
    guard arguments.operands.isEmpty else {
        throw .usage("revoke takes device ids or --prefix, not both; leave one out")
    }
    guard !prefix.isEmpty else { throw .usage("--prefix is empty; give the beginning of the ids") }
    let devices = try Devices.list(session).filter { !$0.isRevoked && $0.id.begins(with: prefix) }.map { $0.id }
    if devices.isEmpty {
        session.console.sayNote("no active device begins with '\(prefix)'")
        return ExitStatus.done
    }
    let what = "revoke \(counted(devices.count)) that begin\(devices.count == 1 ? "s" : "") with '\(prefix)'"
    guard try isConfirmed(what, devices, session, arguments) else { return ExitStatus.denied }
    return try Change.revoke.apply(to: devices, session)
}

private func counted(_ count: Int) -> String { count == 1 ? "1 device" : "\(count) devices" }

/// Asks the person, unless --yes is given. Throws where there is nobody to ask.
private func isConfirmed(
    _ what: String, _ devices: [String], _ session: Session, _ arguments: Arguments
) throws(Failure) -> Bool {
    if arguments.has("yes") { return true }
    guard session.console.canAsk else {
        throw .usage("this would \(what): \(shortened(devices)); there is no terminal to ask on, so add --yes to do it")
    }
    if session.console.ask("\(what): \(shortened(devices))?") { return true }
    session.console.sayNote("nothing was changed")
    return false
}

/// The first devices, and how many more there are.
private func shortened(_ devices: [String]) -> String {
    let shown = devices.prefix(3).map { $0 }.joined(by: ", ")
    return devices.count > 3 ? "\(shown) and \(devices.count - 3) more" : shown
}
