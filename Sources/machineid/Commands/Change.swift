internal import CMachineID

/// The operations that change a device.
struct Change: Sendable {
    let operation:
        @Sendable (OpaquePointer?, UnsafePointer<CChar>?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) ->
            mid_status
    /// The result that is printed, unless `saysStatus` and the reply has another status than ok.
    let done: String
    var saysStatus = false
    /// How many devices are changed at a time. It is 1 where the plan's limit may stop some of them: then the devices
    /// that come first on the command line are the ones that fit.
    var atOnce = 1

    static let register = Change(operation: { mid_register($0, $1, $2) }, done: "registered", saysStatus: true)
    static let unrevoke = Change(operation: { mid_unrevoke($0, $1, $2) }, done: "unrevoked")
    static let revoke = Change(operation: { mid_revoke($0, $1, $2) }, done: "revoked", atOnce: 8)
    static let remove = Change(operation: { mid_remove($0, $1, $2) }, done: "removed", atOnce: 8)

    /// Changes each device, prints each result as soon as it is there, goes on after a failure, and returns the exit
    /// status.
    func apply(to devices: [String], _ session: Session) throws(Failure) -> Int32 {
        let console = session.console
        let calls = try ManyCalls(session.client(), operation, devices, atOnce: atOnce)
        var table = Table(["DEVICE", "RESULT"], firstColumn: devices)
        var failures = Failures()
        var exit = ExitStatus.done
        var tally = Tally()
        for (index, device) in devices.enumerated() {
            if devices.count > 20 && !calls.isInterrupted {
                console.progress("\(index) of \(devices.count) devices")
            }
            tally.count += 1
            switch calls.outcome(index) {
            case .notBegun: tally.notBegun += 1
            case .unknown: tally.unknown.append(device)
            case .answer(let answer):
                if let failure = failure(of: answer, device) {
                    exit = ExitStatus.worse(exit, failure.exit)
                    failures.add(failure, to: console)
                    continue
                }
                tally.done += 1
                if console.isJSON {
                    console.say(line(answer, device))
                } else {
                    table.add([.init(device), .init(word(answer))])
                    table.print(to: console)
                }
                console.flush()
            }
        }
        failures.report(to: console)
        if calls.isInterrupted && tally.done < devices.count {
            let message = "interrupted: " + tally.text(done)
            console.fail(
                Failure(
                    exit: ExitStatus.failed, status: "MID_CANCELLED", code: "CLIENT_CANCELLED", message: message))
        } else if tally.notBegun > 0 {
            console.fail(.failed("given up: " + tally.text(done)))
        }
        calls.finish()
        return exit
    }

    /// Counts what became of the devices.
    private struct Tally {
        var count = 0
        var done = 0
        var notBegun = 0
        /// The devices whose calls were under way at an interruption.
        var unknown: [String] = []

        /// - Parameter word: what was done to a device.
        func text(_ word: String) -> String {
            var text = "\(done) of \(count) devices \(done == 1 ? "is" : "are") \(word)"
            text += ", \(notBegun) \(notBegun == 1 ? "was" : "were") not begun"
            return unknown.isEmpty ? text : text + "; not known for \(unknown.joined(by: ", ")), so ask again"
        }
    }

    /// The failure that an answer describes; nil if there is none. Older servers report a limit with HTTP 200.
    private func failure(of answer: Answer, _ device: String) -> Failure? {
        guard answer.isOK else {
            var failure = answer.failure(about: device)
            // Ids from the command line have been checked, so one that cannot be sent comes from the authority's list.
            if failure.exit == ExitStatus.usage { failure.exit = ExitStatus.noAnswer }
            return failure
        }
        let status = answer.reply?.string("status") ?? ""
        guard status.isSame(as: "limit_reached") || status.isSame(as: "blocked") else { return nil }
        return Answer(mid_status(MID_REFUSED), answer.reply).failure(about: device)
    }

    private func word(_ answer: Answer) -> String {
        let status = saysStatus ? answer.reply?.string("status") ?? "ok" : "ok"
        return status.isSame(as: "ok") ? done : status
    }

    private func line(_ answer: Answer, _ device: String) -> String {
        let object = JSON.object()
        object.set("device", device)
        object.set("result", word(answer))
        object.set("status", "MID_OK")
        object.set("code", answer.code)
        object.set("request_id", answer.requestID)
        object.set("reply", answer.reply)
        return object.line
    }
}
