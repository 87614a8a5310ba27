// The functions of machineid.h: arguments in; status, `allowed` and JSON out. Nothing else belongs here. The compiler
// checks each against its declaration in the header.

public import CMachineID
internal import CPlatform

// MARK: Version and names

@_cdecl("mid_version") @implementation
public func mid_version() -> UnsafePointer<CChar>? {
    platform_version()
}

@_cdecl("mid_version_number") @implementation
public func mid_version_number() -> Int32 {
    MID_VERSION_NUMBER
}

@_cdecl("mid_build_info") @implementation
public func mid_build_info() -> UnsafePointer<CChar>? {
    BuildInfo.text
}

@_cdecl("mid_status_name") @implementation
public func mid_status_name(_ status: mid_status) -> UnsafePointer<CChar>? {
    Status(rawValue: status).name.cString
}

// MARK: Clients

@_cdecl("mid_client_new") @implementation
public func mid_client_new(
    _ org_key: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?,
    _ client: UnsafeMutablePointer<OpaquePointer?>?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    makeClient(client, json) { () throws(Failure) in
        guard let org_key else { throw Failure(.invalidArgument, "org_key is NULL") }
        return try Settings(orgKey: org_key, options: options)
    }
}

@_cdecl("mid_client_from_env") @implementation
public func mid_client_from_env(
    _ options: UnsafePointer<CChar>?,
    _ client: UnsafeMutablePointer<OpaquePointer?>?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    makeClient(client, json) { () throws(Failure) in try Settings(fromEnvironmentWith: options) }
}

@_cdecl("mid_client_cancel") @implementation
public func mid_client_cancel(_ client: OpaquePointer?) {
    Client(handle: client)?.cancel()
}

@_cdecl("mid_client_free") @implementation
public func mid_client_free(_ client: OpaquePointer?) {
    Client(handle: client)?.free()
}

@_cdecl("mid_client_stats") @implementation
public func mid_client_stats(
    _ client: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    finish(json) { () throws(Failure) in try reportStatistics(client, wantsJSON: json != nil) }
}

// MARK: Operations

@_cdecl("mid_register") @implementation
public func mid_register(
    _ client: OpaquePointer?, _ device_id: UnsafePointer<CChar>?,
    _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    run(client, .register, device_id, json)
}

@_cdecl("mid_validate") @implementation
public func mid_validate(
    _ client: OpaquePointer?, _ device_id: UnsafePointer<CChar>?, _ allowed: UnsafeMutablePointer<Int32>?,
    _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    allowed?.pointee = 0
    return validate(client, device_id, allowed, json)
}

@_cdecl("mid_validate_many") @implementation
public func mid_validate_many(
    _ client: OpaquePointer?, _ device_ids: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int,
    _ allowed: UnsafeMutablePointer<Int32>?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    Batch.denyAll(allowed, count)
    return validateMany(client, device_ids, count, allowed, json)
}

@_cdecl("mid_list_devices") @implementation
public func mid_list_devices(
    _ client: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    run(client, .listDevices, json)
}

@_cdecl("mid_revoke") @implementation
public func mid_revoke(
    _ client: OpaquePointer?, _ device_id: UnsafePointer<CChar>?,
    _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    run(client, .revoke, device_id, json)
}

@_cdecl("mid_unrevoke") @implementation
public func mid_unrevoke(
    _ client: OpaquePointer?, _ device_id: UnsafePointer<CChar>?,
    _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    run(client, .unrevoke, device_id, json)
}

@_cdecl("mid_restore") @implementation
public func mid_restore(
    _ client: OpaquePointer?, _ device_id: UnsafePointer<CChar>?,
    _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    run(client, .unrevoke, device_id, json)
}

@_cdecl("mid_remove") @implementation
public func mid_remove(
    _ client: OpaquePointer?, _ device_id: UnsafePointer<CChar>?,
    _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    run(client, .remove, device_id, json)
}

@_cdecl("mid_usage") @implementation
public func mid_usage(
    _ client: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    run(client, .usage, json)
}

// MARK: Guards

@_cdecl("mid_guard_start") @implementation
public func mid_guard_start(
    _ client: OpaquePointer?, _ device_id: UnsafePointer<CChar>?, _ options: UnsafePointer<CChar>?,
    _ guard: UnsafeMutablePointer<OpaquePointer?>?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    `guard`?.pointee = nil
    return startGuard(client, device_id, options, `guard`, json)
}

@_cdecl("mid_guard_allowed") @implementation
public func mid_guard_allowed(_ guard: OpaquePointer?) -> Int32 {
    guard let deviceGuard = Guard(handle: `guard`), deviceGuard.isAllowed else { return 0 }
    return 1
}

@_cdecl("mid_guard_fd") @implementation
public func mid_guard_fd(_ guard: OpaquePointer?) -> Int32 {
    Guard(handle: `guard`)?.descriptor() ?? -1
}

@_cdecl("mid_guard_wait") @implementation
public func mid_guard_wait(_ guard: OpaquePointer?, _ timeout_ms: Int32) -> mid_status {
    guard let deviceGuard = Guard(handle: `guard`) else { return Status.invalidArgument.rawValue }
    return (deviceGuard.wait(milliseconds: timeout_ms) ? Status.ok : .timeout).rawValue
}

@_cdecl("mid_guard_decision") @implementation
public func mid_guard_decision(
    _ guard: OpaquePointer?, _ allowed: UnsafeMutablePointer<Int32>?,
    _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> mid_status {
    allowed?.pointee = 0
    return finish(json) { () throws(Failure) in
        guard let allowed else { throw Failure(.invalidArgument, "allowed is NULL") }
        let callResult = try reportGuard(`guard`, wantsJSON: json != nil)
        if callResult.isAllowed { allowed.pointee = 1 }
        return callResult
    }
}

@_cdecl("mid_guard_stop") @implementation
public func mid_guard_stop(_ guard: OpaquePointer?) {
    Guard(handle: `guard`)?.stop()
}

// MARK: Memory

@_cdecl("mid_free") @implementation
public func mid_free(_ json: UnsafeMutablePointer<CChar>?) {
    Failure.freeJSON(json)
}
