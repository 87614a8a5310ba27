import CMachineID
import Testing

@testable import MachineIDC

/// A client through the C ABI. With `swift test --sanitize=thread` it checks the transport for data races.
final class ABIClient: @unchecked Sendable {
    let handle: OpaquePointer

    init(_ baseURL: String, orgKey: String = "org_a", _ options: String = "") throws {
        var made: OpaquePointer?
        let text = #"{"base_url":"\#(baseURL)"\#(options)}"#
        try #require(CMachineID.mid_client_new(orgKey, text, &made, nil) == Status.ok.rawValue)
        handle = try #require(made)
    }

    convenience init(_ port: UInt16, _ options: String = "") throws {
        try self.init("http://127.0.0.1:\(port)", options)
    }

    deinit { CMachineID.mid_client_free(handle) }

    /// `allowed` is not 0 on entry, so that a call that forgets to clear it is caught.
    func validate(_ device: String) -> (status: mid_status, allowed: Bool, json: String) {
        var allowed: Int32 = 7
        var json: UnsafeMutablePointer<CChar>?
        let status = CMachineID.mid_validate(handle, device, &allowed, &json)
        defer { CMachineID.mid_free(json) }
        return (status, allowed != 0, json.map { String(cString: $0) } ?? "")
    }

    func register(_ device: String) -> mid_status { CMachineID.mid_register(handle, device, nil) }
    func revoke(_ device: String) -> mid_status { CMachineID.mid_revoke(handle, device, nil) }

    func listDevices() -> (status: mid_status, json: String) {
        var json: UnsafeMutablePointer<CChar>?
        let status = CMachineID.mid_list_devices(handle, &json)
        defer { CMachineID.mid_free(json) }
        return (status, json.map { String(cString: $0) } ?? "")
    }
}
