internal import CTool

/// Keeps org keys out of the output. A user may have given one where something else was expected.
enum Secrecy {
    /// Whether a word contains something that looks like an org key.
    static func hasKey(_ word: String) -> Bool { range(Array(word.utf8), from: 0) != nil }

    /// The message, with `org_...` instead of everything that looks like an org key.
    static func hidingKeys(_ message: String) -> String {
        let bytes = Array(message.utf8)
        var shown: [UInt8] = []
        var start = 0
        while let found = range(bytes, from: start) {
            shown += bytes[start..<found.lowerBound] + Array("org_...".utf8)
            start = found.upperBound
        }
        return start == 0 ? message : String(bytes: shown + bytes[start...])
    }

    /// The line, with `[org key]` instead of this key.
    static func hiding(_ key: SecretBytes, in line: String) -> String {
        guard strstr(line, "org_") != nil else { return line }
        let bytes = UnsafeBufferPointer(start: key.base, count: key.count)
        let start = bytes.firstIndex { !$0.isWhiteSpace } ?? 0
        let end = bytes.lastIndex { !$0.isWhiteSpace } ?? 0
        // A key without the prefix is not one of the service. It may be any word, such as "a", so it is not replaced.
        guard end >= start + prefix.count, bytes[start...].starts(with: prefix) else { return line }
        let secret = bytes[start...end]
        var rest = Array(line.utf8)[...]
        var shown: [UInt8] = []
        while let first = rest.first {
            if first == prefix[0] && rest.starts(with: secret) {
                shown += Array("[org key]".utf8)
                rest = rest.dropFirst(secret.count)
            } else {
                shown.append(first)
                rest = rest.dropFirst()
            }
        }
        return String(bytes: shown)
    }

    private static let prefix = Array("org_".utf8)

    /// The next part that looks like an org key: a word that begins with `org_` and goes on. A path such as
    /// `/run/secrets/org_key` does not, and neither does a device id with colons, such as `org_7:worker:01`.
    private static func range(_ bytes: [UInt8], from start: Int) -> Range<Int>? {
        var index = start
        while index + prefix.count < bytes.count {
            defer { index += 1 }
            guard bytes[index...].starts(with: prefix), index == 0 || !bytes[index - 1].isBeforeNoKey else { continue }
            let end = bytes[index...].firstIndex { !$0.isOfKey } ?? bytes.count
            // In `org_...` the key has been hidden already.
            guard end > index + prefix.count, bytes[index + prefix.count] != 0x2e else { continue }
            let isDevice = end + 1 < bytes.count && bytes[end] == 0x3a && bytes[end + 1] > 0x20
            if !isDevice { return index..<end }
        }
        return nil
    }
}

extension UInt8 {
    /// Whether `org_` after this byte is inside a word. The bytes from `.` to `:` are `.`, `/`, the digits and `:`.
    fileprivate var isBeforeNoKey: Bool {
        (0x61...0x7a).contains(self | 0x20) || self == 0x5f || (0x2e...0x3a).contains(self)
    }

    /// Whether a key can contain this byte. Quotes, commas, semicolons, colons, brackets and the backslash end it.
    fileprivate var isOfKey: Bool {
        switch self {
        case 0x22, 0x27, 0x28, 0x29, 0x2c, 0x3a, 0x3b, 0x3c, 0x3e, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d: false
        default: self > 0x20 && self < 0x7f
        }
    }
}
