/// A refused request: the HTTP status, a stable code for programs, and a line for people.
struct Refusal: Error, Equatable {
    let status: UInt32
    /// The code for programs.
    let code: String
    /// The line for people.
    let message: String
    /// The methods for the Allow header, with status 405.
    var allow: String?
    /// The value of the Retry-After header in seconds.
    var retryAfter: Int?

    static func badRequest(_ code: String, _ message: String) -> Refusal {
        Refusal(status: 400, code: code, message: message)
    }

    // The answer is the same for a missing and for a wrong key, so that it does not reveal which keys exist.
    static let invalidOrgKey = Refusal(
        status: 401, code: "invalid_org_key", message: "send the key of an organisation in the header x-org-key")

    static let deviceNotFound = Refusal(
        status: 404, code: "device_not_found", message: "the organisation has no such device; register it first")

    static let notFound = Refusal(status: 404, code: "not_found", message: "no such path")

    static func methodNotAllowed(_ allow: String) -> Refusal {
        Refusal(status: 405, code: "method_not_allowed", message: "this path takes \(allow)", allow: allow)
    }

    static func bodyTooLarge(_ maximum: Int) -> Refusal {
        Refusal(status: 413, code: "body_too_large", message: "the body is longer than \(maximum) bytes")
    }

    static func unavailable(_ outage: Outage) -> Refusal {
        Refusal(
            status: UInt32(outage.httpStatus), code: "unavailable",
            message: "a simulated outage, begun with /emulator/outage",
            retryAfter: outage.retryAfter)
    }

    /// The answer that a step of a scenario gives.
    static func scripted(_ step: Int, httpStatus: Int, retryAfter: Int?) -> Refusal {
        let code =
            switch httpStatus {
            case 401: invalidOrgKey.code
            case 408, 429, 500...599: "unavailable"
            default: "refused"
            }
        return Refusal(
            status: UInt32(httpStatus), code: code, message: "step \(step) of the scenario answers so",
            retryAfter: retryAfter)
    }

    static func stateNotSaved(_ error: DatabaseError) -> Refusal {
        Refusal(
            status: 500, code: "state_not_saved",
            message: "nothing was changed, because the state file cannot be written: \(error.message)")
    }

    static let unsupportedMediaType = Refusal(
        status: 415, code: "unsupported_media_type", message: "send the body with Content-Type: application/json")
}
