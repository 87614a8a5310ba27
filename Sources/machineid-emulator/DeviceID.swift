/// The id of a device within its organisation.
///
/// Two ids are equal when their bytes are. A composed é and a decomposed one are equal as Swift strings, but they are
/// two devices.
struct DeviceID: Hashable, Sendable {
    /// The limit is the same in libmachineid.
    static let maximumBytes = 512

    let text: String

    /// Trims white space, as the vendor's SDK does before it sends an id.
    init(trimming raw: String) throws(Refusal) {
        let text = raw.trimmingWhitespace()
        guard !text.isEmpty else { throw .badRequest("invalid_device_id", "deviceId is empty") }
        guard text.utf8.count <= Self.maximumBytes else {
            throw .badRequest("invalid_device_id", "deviceId is longer than \(Self.maximumBytes) bytes")
        }
        self.text = text
    }

    static func == (one: Self, other: Self) -> Bool {
        one.text.utf8.elementsEqual(other.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
