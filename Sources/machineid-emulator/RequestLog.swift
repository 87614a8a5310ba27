import Glibc

/// One line for each request, on standard error:
///
///     time=2026-01-31T12:00:00.000Z method=POST path=/api/v1/devices/validate status=200 request_id=… device=… code=ALLOW
///
/// What a client sent is escaped, so that a line stays a line and a terminal is safe; the org keys are blanked wherever
/// a client may have put one. A line goes out in one write, before the reply does.
struct RequestLog: Sendable {
    private let keys: [OrgKey]
    private let write: @Sendable (String) -> Void

    init(hiding keys: [OrgKey], write: @escaping @Sendable (String) -> Void) {
        // The longest first: where one key is the beginning of another, the rest of the longer one must not stay.
        self.keys = keys.sorted { $0.secret.utf8.count > $1.secret.utf8.count }
        self.write = write
    }

    func record(_ request: Request, _ id: RequestID, device: DeviceID?, status: UInt32?, code: String) {
        write(
            """
            time=\(timestamp()) method=\(field(request.method)) path=\(field(request.path)) \
            status=\(status.map(String.init) ?? "-") request_id=\(id.text) device=\(field(device?.text ?? "-")) \
            code=\(code)\n
            """)
    }

    /// A value as it may stand in a line: without keys, and quoted when it needs to be.
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

    /// Longer than any device id. What comes after is cut off.
    private static let maximumScalars = 600
}

extension Unicode.Scalar {
    /// No control, no invisible mark, nothing that turns the direction of the line or ends it.
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}

extension String {
    /// Every occurrence of the bytes of `part` replaced. As characters they might not be found: a combining mark behind
    /// them makes another character of the last.
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

/// The time in UTC, to the millisecond.
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
