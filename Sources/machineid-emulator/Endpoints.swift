/// The seven operations of the service. The replies follow the vendor's public pages, except where a comment says
/// "assumed".
enum Endpoints {
    static let routes: [Route] = [
        Route(.post, "/api/v1/devices/validate", .device(validate), .validate),
        Route(.post, "/api/v1/devices/register", .device(register), .register),
        Route(.get, "/api/v1/devices/list", .organisation(list), .list),
        Route(.post, "/api/v1/devices/revoke", .device(revoke), .revoke),
        Route(.post, "/api/v1/devices/unrevoke", .device(unrevoke), .unrevoke),
        Route(.post, "/api/v1/devices/remove", .device(remove), .remove),
        Route(.get, "/api/v1/usage", .organisation(usage), .usage),
    ]

    private static func register(
        _ id: DeviceID, in organisation: Organisation, _ requestID: RequestID
    ) throws(Refusal) -> Reply {
        let (registration, usage) = try organisation.register(id)
        let (httpStatus, status): (UInt32, String) =
            switch registration {
            case .created: (200, "ok")
            case .exists: (200, "exists")
            case .limitReached: (403, "blocked")
            }
        let refused = registration == .limitReached
        return Reply(status: httpStatus, code: refused ? "device_limit_reached" : status) { body in
            body.set("status", status)
            if refused {
                body.set("error", "device_limit_reached")
                body.set(
                    "message",
                    "the plan \(usage.plan.tier.rawValue) allows \(usage.limit) devices; "
                        + "remove one, or take a larger plan")
                body.set("request_id", requestID.text)
            }
            body.set("handler", "devices/register")
            body.set("deviceId", id.text)
            body.set(usage)
        }
    }

    /// The HTTP status of a denial is 200, as of any other answer (assumed).
    private static func validate(_ id: DeviceID, in organisation: Organisation, _ requestID: RequestID) -> Reply {
        let (decision, usage) = organisation.validate(id)
        return Reply(code: decision.rawValue) { body in
            body.set("allowed", decision == .allow)
            body.set("code", decision.rawValue)
            body.set("request_id", requestID.text)
            // The fields below are those of older servers; the values of `status` and `reason` are assumed.
            body.set("status", decision == .allow ? "ok" : "denied")
            body.set("reason", decision.rawValue.lowercased())
            body.set("handler", "devices/validate")
            body.set("deviceId", id.text)
            body.set(usage)
        }
    }

    /// The shape of the list is assumed.
    private static func list(_ organisation: Organisation) -> Reply {
        Reply { body in
            body.set("status", "ok")
            body.set("handler", "devices/list")
            body.set(
                "devices",
                organisation.devices.map { device in
                    let entry = JSONObject()
                    entry.set("deviceId", device.id.text)
                    entry.set("revoked", device.revoked)
                    return entry
                })
        }
    }

    private static func revoke(
        _ id: DeviceID, in organisation: Organisation, _ requestID: RequestID
    ) throws(Refusal) -> Reply {
        try changed(id, handler: "devices/revoke", revoked: true, try organisation.setRevoked(id, true))
    }

    private static func unrevoke(
        _ id: DeviceID, in organisation: Organisation, _ requestID: RequestID
    ) throws(Refusal) -> Reply {
        try changed(id, handler: "devices/unrevoke", revoked: false, try organisation.setRevoked(id, false))
    }

    private static func remove(
        _ id: DeviceID, in organisation: Organisation, _ requestID: RequestID
    ) throws(Refusal) -> Reply {
        try changed(id, handler: "devices/remove", revoked: nil, try organisation.remove(id))
    }

    private static func usage(_ organisation: Organisation) -> Reply {
        Reply { body in
            body.set("status", "ok")
            body.set("handler", "usage")
            body.set(organisation.usage)
        }
    }

    /// The reply to an operation that changes a device. Assumed: the shape of the replies to revoke, unrevoke and
    /// remove, and 404 for an unknown device.
    private static func changed(
        _ id: DeviceID, handler: String, revoked: Bool?, _ usage: Usage?
    ) throws(Refusal) -> Reply {
        guard let usage else { throw .deviceNotFound }
        return Reply { body in
            body.set("status", "ok")
            body.set("handler", handler)
            body.set("deviceId", id.text)
            if let revoked { body.set("revoked", revoked) } else { body.set("removed", true) }
            body.set(usage)
        }
    }
}
