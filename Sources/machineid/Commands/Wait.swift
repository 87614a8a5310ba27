internal import CMachineID

extension Command {
    static let wait = Command(
        name: "wait", operands: "ID", about: "wait until a device is allowed",
        details: [
            "It is for an init container or ExecStartPre of systemd. It asks again while the device is denied or no "
                + "answer comes, and ends at once with 4 when the authority refuses the request, as it does with an "
                + "unknown org key. When the time is over it asks once more, for a second at most, and the exit status "
                + "is that of this answer."
        ],
        options: [
            Option(name: "timeout", value: .text("S"), about: "seconds to wait at most. Default: no limit"),
            Option(name: "interval", value: .text("S"), about: "seconds from one question to the next. Default: 1"),
        ],
        examples: ["machineid wait worker:prod:07 --timeout 60 && ./worker"],
        run: runWait)
}

@Sendable private func runWait(_ session: Session, _ arguments: Arguments) throws(Failure) -> Int32 {
    guard arguments.operands.count == 1, let device = try DeviceID.read(arguments.operands).first else {
        throw .usage("wait takes one device: machineid wait ID")
    }
    let interval = try arguments.value("interval").map { text throws(Failure) in
        try Number.milliseconds(text, "--interval", 20...3_600_000)
    }
    let longest = try arguments.value("timeout").map { text throws(Failure) in
        try Number.milliseconds(text, "--timeout", 1...10_000_000_000)
    }
    let start = Clock.now
    var client = try session.client()
    while true {
        // The last question must not take much longer than the time that is left, but long enough for an answer.
        if let longest {
            let left = max(1000, longest - (Clock.now - start))
            if left < client.timeout { client = try session.client(timeout: left) }
        }
        guard let verdict = try client.validate([device]).first else { throw .outOfMemory }
        let waited = Clock.now - start
        if verdict.isAllowed {
            show(verdict, session.console)
            return ExitStatus.done
        }
        if let failure = verdict.failure, failure.exit != ExitStatus.noAnswer { throw failure }
        var pause = interval ?? 1000
        if let longest {
            if waited >= longest { throw tooLong(verdict, longest) }
            pause = min(pause, longest - waited)
        }
        session.console.progress("\(device): \(verdict.failure?.code ?? verdict.code), \(waited / 1000) s")
        Clock.sleep(pause)
    }
}

private func show(_ verdict: Verdict, _ console: Console) {
    var table = Table(Verdict.head)
    if console.isJSON {
        console.say(verdict.json.line)
    } else {
        table.add(verdict.row)
        table.print(to: console)
    }
}

private func tooLong(_ verdict: Verdict, _ longest: Int) -> Failure {
    let time = "after \(Number.seconds(longest)) s"
    if var failure = verdict.failure {
        failure.message += "; given up \(time)"
        return failure
    }
    return Failure(
        exit: ExitStatus.denied, device: verdict.device, status: "MID_OK", code: verdict.code,
        requestID: verdict.requestID, message: "still denied \(time)")
}
