/// A request as it arrived, before any check.
struct Request {
    let method: String
    /// The path as it was sent, without the query and with escapes not decoded.
    let path: String
    let orgKey: String?
    let contentType: String?
    var body = RequestBody()

    /// The body as a JSON object; throws when it is not one, or its media type is another.
    func json() throws(Refusal) -> JSONObject {
        guard isJSON else { throw .unsupportedMediaType }
        guard !body.isTooLarge else { throw .bodyTooLarge(body.maximumBytes) }
        do throws(JSONFault) {
            return try JSONObject(parsing: body.bytes)
        } catch {
            throw .badRequest("invalid_json", "the body \(error.message)")
        }
    }

    /// The device that the body names: `{"deviceId":"..."}`. Other keys are ignored, because the service may add some.
    func deviceID() throws(Refusal) -> DeviceID {
        guard let text = try json().string("deviceId") else {
            throw .badRequest("invalid_device_id", "the body has no string deviceId")
        }
        return try DeviceID(trimming: text)
    }

    /// Whether the media type is JSON, regardless of case and parameters, as in `application/json; charset=utf-8`.
    private var isJSON: Bool {
        guard let type = contentType?.split(separator: ";", omittingEmptySubsequences: false).first else {
            return false
        }
        return String(type).trimmingWhitespace().lowercased() == "application/json"
    }
}

/// The body of a request, kept up to a limit.
struct RequestBody {
    /// More than enough for the longest device id with every byte escaped.
    static let usualMaximum = 16 * 1024
    /// A body that is too large is still read up to this size: then the client can finish sending, receives the reason
    /// of the refusal, and keeps its connection.
    static let maximumDrain = 1024 * 1024

    let maximumBytes: Int
    private(set) var bytes: [UInt8] = []
    /// The announced size or the size so far, whichever is larger, whether the bytes are kept or not.
    private(set) var count: Int

    /// A body of this announced length; 0 when its length is not known.
    init(announced: Int = 0, maximumBytes: Int = usualMaximum) {
        count = announced
        self.maximumBytes = maximumBytes
    }

    var isTooLarge: Bool { count > maximumBytes }
    var isBeyondDraining: Bool { count > Self.maximumDrain }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        received += more.count
        count = max(count, received)
        if isTooLarge { bytes = [] } else { bytes += more }
    }

    /// How many bytes have arrived.
    private var received = 0
}
