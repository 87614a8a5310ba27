internal import CMachineID
internal import CPlatform

// The layer between the exported functions and the client. This is the only place where a failure becomes a status and
// JSON.

/// The `json` parameter of an exported function.
typealias JSONResult = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Runs the body of an exported function that is counted, with a reference to the client held, so that the client
/// cannot be freed meanwhile. `json` becomes the authority's text on success, and the JSON of the failure otherwise.
func call(
    _ handle: OpaquePointer?, _ operation: CountedOperation, _ json: JSONResult?,
    _ body: (Client) throws(Failure) -> CallResult
) -> mid_status {
    json?.pointee = nil
    guard let client = Client(handle: handle) else { return finish(Failure(.invalidArgument, "client is NULL"), json) }
    let began = begin(client)
    do throws(Failure) {
        let result = try body(client)
        json?.pointee = result.json
        return end(client, operation, result.status.rawValue, began)
    } catch {
        return end(client, operation, finish(error.hiding(client.shared.pointee.settings.headers.orgKey), json), began)
    }
}

/// Takes a reference for a call, and returns when the call begins.
@inline(never)
private func begin(_ client: Client) -> MonotonicTime {
    client.retain()
    client.statistics.beginCall()
    return .now
}

/// Counts a call, gives its reference back, and returns its status.
@inline(never)
private func end(
    _ client: Client, _ operation: CountedOperation, _ status: mid_status, _ began: MonotonicTime
) -> mid_status {
    client.statistics.count(operation, status, since: began)
    client.release()
    return status
}

/// Runs an operation that concerns no single device.
func run(_ client: OpaquePointer?, _ endpoint: Endpoint, _ json: JSONResult?) -> mid_status {
    call(client, CountedOperation(endpoint), json) { client throws(Failure) in
        try client.perform(endpoint, body: ByteBuffer(), wantsJSON: json != nil)
    }
}

/// Runs an operation on one device, for an exported function without an `allowed` parameter.
func run(
    _ client: OpaquePointer?, _ endpoint: Endpoint, _ device: UnsafePointer<CChar>?, _ json: JSONResult?
) -> mid_status {
    call(client, CountedOperation(endpoint), json) { client throws(Failure) in
        try client.perform(endpoint, device: device, wantsJSON: json != nil)
    }
}

/// Validates one device. `allowed` has been set to 0.
func validate(
    _ client: OpaquePointer?, _ device: UnsafePointer<CChar>?, _ allowed: UnsafeMutablePointer<Int32>?,
    _ json: JSONResult?
) -> mid_status {
    call(client, CountedOperation(.validate), json) { client throws(Failure) in
        guard let allowed else { throw Failure(.invalidArgument, "allowed is NULL") }
        let result = try client.perform(.validate, device: device, wantsJSON: json != nil)
        if result.isAllowed { allowed.pointee = 1 }
        return result
    }
}

/// Validates `count` devices. `allowed` has been set to 0 by `Batch.denyAll`.
func validateMany(
    _ client: OpaquePointer?, _ devices: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int,
    _ allowed: UnsafeMutablePointer<Int32>?, _ json: JSONResult?
) -> mid_status {
    call(client, .validateMany, json) { client throws(Failure) in
        guard let devices else { throw Failure(.invalidArgument, "device_ids is NULL") }
        guard let allowed else { throw Failure(.invalidArgument, "allowed is NULL") }
        guard Batch.isPossible(count: count) else {
            throw Failure(.invalidArgument, "count must be the number of device ids, which cannot be \(count)")
        }
        return try client.validate(devices, count: count, allowed: allowed, wantsJSON: json != nil)
    }
}

/// Starts a guard and writes it to `handle`, which has been set to NULL.
func startGuard(
    _ client: OpaquePointer?, _ device: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?,
    _ handle: UnsafeMutablePointer<OpaquePointer?>?, _ json: JSONResult?
) -> mid_status {
    call(client, .guardStart, json) { client throws(Failure) in
        guard let handle else { throw Failure(.invalidArgument, "guard is NULL") }
        return try Guard.start(
            on: client, device: device, GuardOptions(options), into: handle, wantsJSON: json != nil)
    }
}

/// The statistics of a client, as JSON. The call itself is not counted.
func reportStatistics(_ handle: OpaquePointer?, wantsJSON: Bool) throws(Failure) -> CallResult {
    guard let client = Client(handle: handle) else { throw Failure(.invalidArgument, "client is NULL") }
    guard wantsJSON else { throw Failure(.invalidArgument, "json is NULL") }
    _ = begin(client)
    defer { client.release() }
    var text = JSONText()
    client.statistics.write(to: &text)
    Guards.write(of: client, to: &text)
    guard let json = text.take() else { throw .outOfMemory }
    return CallResult(status: .ok, json: json)
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

/// Writes the text of a result, or the JSON of the failure, and returns the status.
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
@inline(never)
private func finish(_ failure: Failure, _ json: JSONResult?) -> mid_status {
    defer { failure.message.destroy() }
    guard let json else { return failure.status.rawValue }
    let (text, status) = failure.json()
    json.pointee = text
    return status.rawValue
}
