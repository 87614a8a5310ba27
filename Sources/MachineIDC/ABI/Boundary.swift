internal import CMachineID
internal import CPlatform

// The layer between the exported functions and the client. This is the only place where a failure becomes a status and
// JSON.

/// The `json` parameter of an exported function.
typealias JSONResult = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Runs an operation that concerns no single device.
func run(_ client: OpaquePointer?, _ endpoint: Endpoint, _ json: JSONResult?) -> mid_status {
    finish(json) { () throws(Failure) in
        try withClient(client) { client throws(Failure) in
            try client.perform(endpoint, body: ByteBuffer(), wantsJSON: json != nil)
        }
    }
}

/// Runs an operation on one device, for an exported function without an `allowed` parameter.
func run(
    _ client: OpaquePointer?, _ endpoint: Endpoint, _ device: UnsafePointer<CChar>?, _ json: JSONResult?
) -> mid_status {
    finish(json) { () throws(Failure) in
        try result(of: endpoint, client, device, wantsJSON: json != nil)
    }
}

/// Runs an operation on one device.
func result(
    of endpoint: Endpoint, _ client: OpaquePointer?, _ device: UnsafePointer<CChar>?, wantsJSON: Bool
) throws(Failure) -> CallResult {
    try withClient(client) { client throws(Failure) in
        try client.perform(endpoint, device: device, wantsJSON: wantsJSON)
    }
}

/// Validates `count` devices. `allowed` has been set to 0 by `Batch.denyAll`.
func validateMany(
    _ client: OpaquePointer?, _ devices: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int,
    _ allowed: UnsafeMutablePointer<Int32>?, wantsJSON: Bool
) throws(Failure) -> CallResult {
    try withClient(client) { client throws(Failure) in
        guard let devices else { throw Failure(.invalidArgument, "device_ids is NULL") }
        guard let allowed else { throw Failure(.invalidArgument, "allowed is NULL") }
        guard Batch.isPossible(count: count) else {
            throw Failure(.invalidArgument, "count must be the number of device ids, which cannot be \(count)")
        }
        return try client.validate(devices, count: count, allowed: allowed, wantsJSON: wantsJSON)
    }
}

/// Starts a guard and writes it to `handle`.
func startGuard(
    _ client: OpaquePointer?, _ device: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?,
    _ handle: UnsafeMutablePointer<OpaquePointer?>?, wantsJSON: Bool
) throws(Failure) -> CallResult {
    try withClient(client) { client throws(Failure) in
        guard let handle else { throw Failure(.invalidArgument, "guard is NULL") }
        return try Guard.start(on: client, device: device, GuardOptions(options), into: handle, wantsJSON: wantsJSON)
    }
}

/// The guard's current state, as JSON when that is wanted.
func reportGuard(_ handle: OpaquePointer?, wantsJSON: Bool) throws(Failure) -> CallResult {
    guard let deviceGuard = Guard(handle: handle) else { throw Failure(.invalidArgument, "guard is NULL") }
    if !wantsJSON { return CallResult(status: .ok, isAllowed: deviceGuard.isAllowed, json: nil) }
    let (isAllowed, json) = try deviceGuard.report()
    return CallResult(status: .ok, isAllowed: isAllowed, json: json)
}

/// Makes a client from the settings that `settings` reads, and writes it to `client`.
func makeClient(
    _ client: UnsafeMutablePointer<OpaquePointer?>?, _ json: JSONResult?,
    _ settings: () throws(Failure) -> Settings
) -> mid_status {
    client?.pointee = nil
    json?.pointee = nil
    do throws(Failure) {
        guard let client else { throw Failure(.invalidArgument, "client is NULL") }
        try ProcessSetup.run()
        client.pointee = try Client(settings()).handle
        return Status.ok.rawValue
    } catch {
        return finish(error, json)
    }
}

/// Runs the body of an exported function. `json` becomes the authority's text on success, and the JSON of the failure
/// otherwise.
func finish(_ json: JSONResult?, _ call: () throws(Failure) -> CallResult) -> mid_status {
    json?.pointee = nil
    do throws(Failure) {
        let result = try call()
        json?.pointee = result.json
        return result.status.rawValue
    } catch {
        return finish(error, json)
    }
}

/// Returns the failure's status and writes its JSON, when wanted. Frees the failure's message.
private func finish(_ failure: Failure, _ json: JSONResult?) -> mid_status {
    defer { failure.message.destroy() }
    guard let json else { return failure.status.rawValue }
    let (text, status) = failure.json()
    json.pointee = text
    return status.rawValue
}

/// Runs `body` with a reference to the client held, so that the client cannot be freed meanwhile.
func withClient(
    _ handle: OpaquePointer?, _ body: (Client) throws(Failure) -> CallResult
) throws(Failure) -> CallResult {
    guard let client = Client(handle: handle) else { throw Failure(.invalidArgument, "client is NULL") }
    client.retain()
    defer { client.release() }
    return try body(client)
}
