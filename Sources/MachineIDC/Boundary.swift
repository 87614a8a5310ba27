internal import CMachineID
internal import CPlatform

// Between the exported functions and the client: the one place where a failure becomes a status and JSON.

typealias JSONResult = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

func ask(_ client: OpaquePointer?, _ operation: Operation, _ json: JSONResult?) -> mid_status {
    report(json) { () throws(Failure) in
        try withClient(client) { client throws(Failure) in
            try client.perform(operation, body: ByteBuffer(), wantsJSON: json != nil)
        }
    }
}

func ask(
    _ client: OpaquePointer?, _ operation: Operation, _ device: UnsafePointer<CChar>?, _ json: JSONResult?
) -> mid_status {
    report(json) { () throws(Failure) in
        try perform(client, operation, device, wantsJSON: json != nil)
    }
}

func perform(
    _ client: OpaquePointer?, _ operation: Operation, _ device: UnsafePointer<CChar>?, wantsJSON: Bool
) throws(Failure) -> Client.Response {
    try withClient(client) { client throws(Failure) in
        try client.perform(operation, device: device, wantsJSON: wantsJSON)
    }
}

func makeClient(
    _ client: UnsafeMutablePointer<OpaquePointer?>?, _ json: JSONResult?,
    _ settings: () throws(Failure) -> Settings
) -> mid_status {
    client?.pointee = nil
    json?.pointee = nil
    do throws(Failure) {
        guard let client else { throw Failure(.invalidArgument, "client is NULL") }
        try Process.prepare()
        client.pointee = try Client(settings()).handle
        return Status.ok.rawValue
    } catch {
        return report(error, json)
    }
}

/// Runs a call to its end: the authority's own text on success, one of ours on failure.
func report(_ json: JSONResult?, _ call: () throws(Failure) -> Client.Response) -> mid_status {
    json?.pointee = nil
    do throws(Failure) {
        let response = try call()
        json?.pointee = response.json
        return response.answer.status.rawValue
    } catch {
        return report(error, json)
    }
}

private func report(_ failure: Failure, _ json: JSONResult?) -> mid_status {
    defer { failure.message.discard() }
    guard let json else { return failure.status.rawValue }
    let (text, isWhole) = failure.json()
    json.pointee = text
    // Status and code say the same.
    return isWhole ? failure.status.rawValue : Status.outOfMemory.rawValue
}

/// Holds a reference for the length of a call.
private func withClient(
    _ handle: OpaquePointer?, _ body: (Client) throws(Failure) -> Client.Response
) throws(Failure) -> Client.Response {
    guard let client = Client(handle: handle) else { throw Failure(.invalidArgument, "client is NULL") }
    client.retain()
    defer { client.release() }
    return try body(client)
}
