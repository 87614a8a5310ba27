internal import CMachineID
internal import CTool

/// The checks of the connection to the authority.
enum Network {
    /// The milliseconds that a connection to one address may take, which are the library's default.
    private static let patience: CInt = 3000

    /// Looks up the host, and connects to its addresses. Without an address the connection is skipped.
    static func reach(_ target: Target, _ console: Console) -> [Finding] {
        console.progress("looking up \(target.host)")
        let start = Clock.now
        var found: UnsafeMutablePointer<addrinfo>?
        let error = tool_look_up(target.host, target.port, &found)
        guard error == 0, let first = found else {
            let why = String(cString: gai_strerror(error))
            return [
                .bad(
                    "name", "\(target.host): \(why); check the URL and the nameserver of this machine",
                    exit: ExitStatus.noAnswer),
                .skipped("tcp", "there is no address"),
            ]
        }
        defer { freeaddrinfo(first) }
        var addresses: [String] = []
        var working: String?
        var faults: [String] = []
        let lookedUp = Clock.now - start
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let at = next {
            next = at.pointee.ai_next
            var text = [CChar](repeating: 0, count: 64)
            tool_address(at, &text)
            let address = text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "?" }
            addresses.append(address)
            if working != nil { continue }
            console.progress("connecting to \(address)")
            let start = Clock.now
            let error = tool_connect(at, patience)
            if error == 0 {
                working = "\(address) port \(target.port) in \(Clock.now - start) ms"
            } else {
                faults.append("\(address): \(String(cString: strerror(error)))")
            }
        }
        let name = Finding.ok("name", "\(target.host) is \(addresses.joined(by: ", ")), in \(lookedUp) ms")
        if let working {
            let text = faults.isEmpty ? working : "\(working); but \(faults.joined(by: ", "))"
            return [name, faults.isEmpty ? .ok("tcp", text) : .note("tcp", text)]
        }
        let why = "\(faults.joined(by: ", ")), port \(target.port)"
        return [name, .bad("tcp", "\(why); is a firewall in the way, or a proxy needed?", exit: ExitStatus.noAnswer)]
    }

    /// Asks the authority for the organisation's usage, which shows whether TLS works and the key is known.
    static func ask(_ client: Client, _ target: Target, _ console: Console) -> [Finding] {
        console.progress("asking the authority")
        let start = Clock.now
        let answer = client.usage()
        let time = Clock.now - start
        let hasAnswer = answer.status == MID_OK || answer.status == MID_REFUSED
        var findings: [Finding] = []
        if !target.isTLS {
            findings.append(.skipped("tls", "the authority is reached without TLS"))
        } else if answer.status == MID_TLS_FAILED {
            findings.append(.bad("tls", answer.failure(about: nil).message, exit: ExitStatus.noAnswer))
        } else if hasAnswer {
            findings.append(.ok("tls", "the certificate of \(target.host) is trusted"))
        } else {
            findings.append(.skipped("tls", "without an answer this is not known"))
        }
        guard answer.isOK, let reply = answer.reply else {
            let failure = answer.failure(about: nil)
            findings.append(.bad("usage", failure.line, exit: failure.exit))
            return findings
        }
        let used = reply.integer("devicesUsed").map { "\($0)" } ?? "?"
        let limit = reply.integer("limit").map { "\($0)" } ?? "?"
        let state = reply.string("planState") ?? "?"
        let text = "plan \(reply.string("planTier") ?? "?"), \(state), \(used) of \(limit) devices, in \(time) ms"
        let isActive = state.isSame(as: "active")
        findings.append(
            isActive ? .ok("usage", text) : .note("usage", "\(text); while the plan is not active, devices are denied"))
        return findings
    }
}
