internal import CMachineID

/// The operations that change a device.
struct Change: Sendable {
    let operation:
        @Sendable (OpaquePointer?, UnsafePointer<CChar>?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) ->
            mid_status
    /// What is said afterwards, if the reply does not say it itself.
    let done: String
    var saysStatus = false

    static let register = Change(operation: { mid_register($0, $1, $2) }, done: "registered", saysStatus: true)
    static let unrevoke = Change(operation: { mid_unrevoke($0, $1, $2) }, done: "unrevoked")
    static let revoke = Change(operation: { mid_revoke($0, $1, $2) }, done: "revoked")
    static let remove = Change(operation: { mid_remove($0, $1, $2) }, done: "removed")

    /// Does it to each device, goes on after a failure, and returns the exit status.
    func apply(to devices: [String], _ session: Session) throws(Failure) -> Int32 {
        let console = session.console
        let client = try session.client()
        var table = Table(["DEVICE", "RESULT"])
        var failures = Failures()
        var exit = ExitStatus.done
        for (index, device) in devices.enumerated() {
            if devices.count > 20 { console.progress("\(index) of \(devices.count) devices") }
            let answer = client.ask(operation, device)
            if let failure = failure(of: answer, device) {
                exit = ExitStatus.worse(exit, failure.exit)
                failures.add(failure, to: console)
                // Nothing that is wrong with the request as a whole becomes right with the next device.
                if failure.exit != ExitStatus.refused && failure.exit != ExitStatus.noAnswer { break }
            } else if console.isJSON {
                console.say(line(answer, device))
            } else {
                table.add([.init(device), .init(word(answer))])
            }
        }
        table.print(to: console)
        failures.report(to: console)
        return exit
    }

    /// Older servers say that a limit is reached with HTTP 200.
    private func failure(of answer: Answer, _ device: String) -> Failure? {
        guard answer.isOK else { return answer.failure(about: device) }
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
