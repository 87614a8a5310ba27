internal import CMachineID

/// Why something did not work. A person gets it as a line, and a program as an object with the same facts.
struct Failure: Error {
    var exit: Int32
    /// The device that it is about, if it is about one.
    var device: String?
    /// The name of the library's status, such as `MID_TIMEOUT`.
    let status: String
    /// The authority's code, or that of the status, such as `CLIENT_TIMEOUT`.
    let code: String
    var requestID: String?
    var message: String

    /// Wrong use: the message names the option or the device, and the remedy.
    static func usage(_ message: String) -> Failure {
        Failure(
            exit: ExitStatus.usage, status: "MID_INVALID_ARGUMENT", code: "CLIENT_INVALID_ARGUMENT", message: message)
    }

    static func noKey(_ message: String) -> Failure {
        Failure(exit: ExitStatus.usage, status: "MID_NO_ORG_KEY", code: "CLIENT_NO_ORG_KEY", message: message)
    }

    static func failed(_ message: String, exit: Int32 = ExitStatus.failed) -> Failure {
        Failure(exit: exit, status: "MID_INTERNAL", code: "CLIENT_INTERNAL", message: message)
    }

    static let outOfMemory = Failure(
        exit: ExitStatus.failed, status: "MID_OUT_OF_MEMORY", code: "CLIENT_OUT_OF_MEMORY",
        message: "memory was refused")

    static func badReply(_ message: String) -> Failure {
        Failure(exit: ExitStatus.noAnswer, status: "MID_BAD_REPLY", code: "CLIENT_BAD_REPLY", message: message)
    }

    /// The exit status for a status of the library that is not MID_OK.
    static func exit(for status: mid_status) -> Int32 {
        switch Int(status) {
        case Int(MID_REFUSED): ExitStatus.refused
        case 100..<200: ExitStatus.usage
        case Int(MID_OUT_OF_MEMORY), Int(MID_INTERNAL): ExitStatus.failed
        default: ExitStatus.noAnswer
        }
    }

    var json: JSON {
        let object = JSON.object()
        object.set("device", device.map { Secrecy.hidingKeys($0) })
        object.set("status", status)
        object.set("code", code)
        object.set("request_id", requestID)
        object.set("message", Secrecy.hidingKeys(message))
        return object
    }

    /// The line for a person, without the name of the program. A code that adds nothing to the message is left out.
    var line: String {
        var line = device.map { "\($0): " } ?? ""
        line += exit == ExitStatus.usage || code.isSame(as: "CLIENT_INTERNAL") ? message : "\(code): \(message)"
        if let requestID { line += " (request \(requestID))" }
        return Secrecy.hidingKeys(line.withoutControls)
    }
}
