import Glibc

/// The org keys that must not appear in anything that the emulator writes or reports.
struct HiddenKeys: Sendable {
    /// Longest first: when one key is the beginning of another, no part of the longer one may stay.
    private let keys: [OrgKey]

    init(_ keys: [OrgKey]) { self.keys = keys.sorted { $0.secret.utf8.count > $1.secret.utf8.count } }

    /// The text with each key in it replaced.
    func hide(in text: String) -> String { keys.reduce(text) { $0.replacing($1.secret, with: "[org key]") } }
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
