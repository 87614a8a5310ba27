import Glibc

/// The log of requests, one line each, on standard error:
///
///     time=2026-01-31T12:00:00.000Z method=POST path=/api/v1/devices/validate status=200 request_id=… device=… code=…
///
/// Text from a client is escaped, so that it cannot break a line or send escape sequences to a terminal. Org keys are
/// replaced wherever a client may have put one. Each line is written at once, before the reply is sent.
struct RequestLog: Sendable {
    /// The keys to hide, longest first.
    private let keys: [OrgKey]
    private let write: @Sendable (String) -> Void

    init(hiding keys: [OrgKey], write: @escaping @Sendable (String) -> Void) {
        // The longest key first: when one key is the beginning of another, no part of the longer one may stay.
        self.keys = keys.sorted { $0.secret.utf8.count > $1.secret.utf8.count }
        self.write = write
    }

    /// Logs a request. `status` is nil when there was no reply.
    func record(_ request: Request, _ id: RequestID, device: DeviceID?, status: UInt32?, code: String) {
        write(
            """
            time=\(timestamp()) method=\(field(request.method)) path=\(field(request.path)) \
            status=\(status.map(String.init) ?? "-") request_id=\(id.text) device=\(field(device?.text ?? "-")) \
            code=\(code)\n
            """)
    }

    /// A value as it is written in a line: with keys hidden, and quoted when necessary.
    private func field(_ value: String) -> String {
        let hidden = keys.reduce(value) { $0.replacing($1.secret, with: "[org key]") }
        let isPlain = hidden.utf8.allSatisfy {
            $0.isGraphicASCII && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isPlain && (1...Self.maximumScalars).contains(hidden.utf8.count) { return hidden }
        var quoted = "\""
        for scalar in hidden.unicodeScalars.prefix(Self.maximumScalars) {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            default: quoted += scalar.isPrintable ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return quoted + (hidden.unicodeScalars.count > Self.maximumScalars ? "…\"" : "\"")
    }

    /// The longest value that is logged, longer than any device id. The rest is cut off.
    private static let maximumScalars = 600
}

extension Unicode.Scalar {
    /// False for control characters, invisible marks, and characters that end a line or change its direction.
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}

extension String {
    /// Replaces every occurrence of the bytes of `part`. A search by characters could miss one: a combining mark after
    /// it changes its last character.
    fileprivate func replacing(_ part: String, with replacement: String) -> String {
        if strstr(self, part) == nil { return self }
        var result: [UInt8] = []
        var rest = Array(utf8)[...]
        while let first = rest.first {
            if rest.starts(with: part.utf8) {
                result += replacement.utf8
                rest.removeFirst(part.utf8.count)
            } else {
                result.append(first)
                rest.removeFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// The current time in UTC, with milliseconds.
private func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    let seconds = String(unsafeUninitializedCapacity: 20) { buffer in
        buffer.withMemoryRebound(to: CChar.self) { strftime($0.baseAddress!, $0.count, "%Y-%m-%dT%H:%M:%S", &parts) }
    }
    let milliseconds = String(1000 + now.tv_nsec / 1_000_000).dropFirst()
    return "\(seconds).\(milliseconds)Z"
}
