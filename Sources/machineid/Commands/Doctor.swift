extension Command {
    static let doctor = Command(
        name: "doctor", operands: "", about: "check what a client needs, a line for each check",
        details: [
            "It checks the library and what is inside it, the form of the org key, the certificates, the proxy, the "
                + "clock, the name of the authority, the connection, TLS, and whether the authority knows the key. A "
                + "check is ok, note, bad or skipped; after a fault it says what to do. The exit status is that of the "
                + "first check that is bad. Nothing is changed."
        ],
        examples: ["machineid doctor", "machineid --json doctor"],
        run: runDoctor)
}

/// The exit status is that of the first check that is bad.
@Sendable private func runDoctor(_ session: Session, _ arguments: Arguments) throws(Failure) -> Int32 {
    if let operand = arguments.operands.first { throw .usage("doctor takes no argument '\(operand)'; leave it out") }
    let console = session.console
    var exit = ExitStatus.done
    func say(_ finding: Finding) {
        if exit == ExitStatus.done { exit = finding.exit }
        finding.say(to: console)
    }
    say(Surroundings.library())
    var isKeyBad = false
    do throws(Failure) {
        let key = try session.key()
        try Client.check(key, arguments)
        say(Surroundings.key(key))
    } catch {
        isKeyBad = true
        say(.bad("key", error.message, exit: error.exit))
    }
    say(Surroundings.clock())
    let options: JSON
    do throws(Failure) {
        options = try Client.options(arguments)
    } catch {
        say(.bad("options", error.message, exit: error.exit))
        return exit
    }
    let url = options.string("base_url") ?? "https://machineid.io"
    guard let target = Target(url) else {
        say(
            .bad(
                "authority", "the URL of the authority has no host; give --base-url https://HOST",
                exit: ExitStatus.usage))
        return exit
    }
    say(Surroundings.certificates(options, target))
    let (finding, proxy) = Surroundings.proxy(options, target)
    say(finding)
    for finding in Network.reach(proxy ?? target, console) { say(finding) }
    let client: Client
    do throws(Failure) {
        client = try session.client()
    } catch {
        // What is wrong with the key has been said already.
        let isSaid = isKeyBad && error.status.isSame(as: "MID_NO_ORG_KEY")
        if !isSaid { say(.bad("options", error.message, exit: error.exit)) }
        say(.skipped("tls", "there is no client to ask with"))
        say(.skipped("usage", "there is no client to ask with"))
        return exit
    }
    for finding in Network.ask(client, target, console) { say(finding) }
    return exit
}
