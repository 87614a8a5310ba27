/// A request as it came in, before anything in it is believed.
struct Request {
    let method: String
    /// As it was sent: without the query, and with its escapes left alone.
    let path: String
    let orgKey: String?
    let contentType: String?
    var body = RequestBody()

    /// The body as a JSON object.
    func json() throws(Refusal) -> JSONObject {
        guard isJSON else { throw .unsupportedMediaType }
        guard !body.isTooLarge else { throw .bodyTooLarge }
        return try JSONObject(parsing: body.bytes)
    }

    /// The device that the body names: `{"deviceId":"..."}`. Other keys are ignored, as the service may add some.
    func deviceID() throws(Refusal) -> DeviceID {
        guard let text = try json().string("deviceId") else {
            throw .badRequest("invalid_device_id", "the body has no string deviceId")
        }
        return try DeviceID(trimming: text)
    }

    /// Media types are compared without regard to case, and may have parameters: `application/json; charset=utf-8`.
    private var isJSON: Bool {
        guard let type = contentType?.split(separator: ";", omittingEmptySubsequences: false).first else {
            return false
        }
        return String(type).trimmingWhitespace().lowercased() == "application/json"
    }
}

/// The body of a request, as far as it is worth keeping.
struct RequestBody {
    /// Room for the longest device id with every byte escaped, and to spare.
    static let maximumBytes = 16 * 1024
    /// A body that is too large is nevertheless read up to here: then the client can finish sending, hears why it is
    /// refused, and keeps its connection.
    static let maximumDrain = 1024 * 1024

    private(set) var bytes: [UInt8] = []
    /// How many bytes are to come or have come, kept or not.
    private(set) var count: Int

    /// A body of which so much is announced: 0 when its length is not known.
    init(announced: Int = 0) { count = announced }

    var isTooLarge: Bool { count > Self.maximumBytes }
    var isBeyondDraining: Bool { count > Self.maximumDrain }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        received += more.count
        count = max(count, received)
        if isTooLarge { bytes = [] } else { bytes += more }
    }

    private var received = 0
}
