internal import CPlatform

/// A device id, checked and trimmed. It is a view of the caller's string and lives no longer than that.
struct DeviceID {
    static var maximumBytes: Int { 512 }

    private let text: UTF8Text

    /// Throws unless the text is 1 to 512 bytes of UTF-8 after trimming.
    init(_ raw: UnsafePointer<CChar>?) throws(Failure) {
        guard let raw else { throw Failure(.invalidArgument, "device_id is NULL") }
        guard let trimmed = UTF8Text(trimming: raw) else { throw Failure(.invalidArgument, "device_id is not UTF-8") }
        guard !trimmed.isEmpty else { throw Failure(.invalidArgument, "device_id is empty") }
        guard trimmed.count <= DeviceID.maximumBytes else {
            throw Failure(.invalidArgument, "device_id is longer than \(DeviceID.maximumBytes) bytes")
        }
        text = trimmed
    }

    /// The body of a request that concerns this device: `{"deviceId":"..."}`.
    func requestBody() throws(Failure) -> ByteBuffer {
        var object = JSONObject()
        object.set("deviceId", text.start, count: text.count)
        guard let body = object.text() else { throw .outOfMemory }
        return body
    }
}
