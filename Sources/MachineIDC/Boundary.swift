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

/// `allowed` is 0 before anything else happens; with a count that cannot be meant, nobody knows what there is to touch.
func denyAll(_ allowed: UnsafeMutablePointer<Int32>?, _ count: Int) {
    guard let allowed, Batch.mayHold(count) else { return }
    memset(allowed, 0, count &* MemoryLayout<Int32>.stride)
}

func validateMany(
    _ client: OpaquePointer?, _ devices: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int,
    _ allowed: UnsafeMutablePointer<Int32>?, wantsJSON: Bool
) throws(Failure) -> Client.Response {
    try withClient(client) { client throws(Failure) in
        guard let devices else { throw Failure(.invalidArgument, "device_ids is NULL") }
        guard let allowed else { throw Failure(.invalidArgument, "allowed is NULL") }
        guard Batch.mayHold(count) else {
            throw Failure(.invalidArgument, "count must be how many device ids there are, which cannot be \(count)")
        }
        return try client.validate(devices, count: count, allowed: allowed, wantsJSON: wantsJSON)
    }
}

func startGuard(
    _ client: OpaquePointer?, _ device: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?,
    _ handle: UnsafeMutablePointer<OpaquePointer?>?, wantsJSON: Bool
) throws(Failure) -> Client.Response {
    try withClient(client) { client throws(Failure) in
        guard let handle else { throw Failure(.invalidArgument, "guard is NULL") }
        return try Guard.start(on: client, device: device, GuardOptions(options), into: handle, wantsJSON: wantsJSON)
    }
}

func reportGuard(_ handle: OpaquePointer?, wantsJSON: Bool) throws(Failure) -> Client.Response {
    guard let guarded = Guard(handle: handle) else { throw Failure(.invalidArgument, "guard is NULL") }
    if !wantsJSON { return Client.Response(status: .ok, isAllow: guarded.isAllowed, json: nil) }
    let (isAllowed, json) = try guarded.report()
    return Client.Response(status: .ok, isAllow: isAllowed, json: json)
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
        return response.status.rawValue
    } catch {
        return report(error, json)
    }
}

private func report(_ failure: Failure, _ json: JSONResult?) -> mid_status {
    defer { failure.message.discard() }
    guard let json else { return failure.status.rawValue }
    let (text, status) = failure.json()
    json.pointee = text
    return status.rawValue
}

/// Holds a reference for the length of a call.
func withClient(
    _ handle: OpaquePointer?, _ body: (Client) throws(Failure) -> Client.Response
) throws(Failure) -> Client.Response {
    guard let client = Client(handle: handle) else { throw Failure(.invalidArgument, "client is NULL") }
    client.retain()
    defer { client.release() }
    return try body(client)
}
