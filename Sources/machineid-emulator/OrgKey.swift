/// The key of an organisation. It has no description, so that it cannot get into a log by way of a string.
struct OrgKey: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The key that is accepted when none is given.
    static let demo = "org_demo"
    static let maximumBytes = 512

    let secret: String

    /// nil unless what white space leaves is 1 to 512 bytes of printable ASCII without spaces: what a header can carry.
    init?(_ raw: String) {
        let trimmed = raw.trimmingWhitespace()
        guard (1...Self.maximumBytes).contains(trimmed.utf8.count), trimmed.utf8.allSatisfy(\.isGraphicASCII) else {
            return nil
        }
        secret = trimmed
    }

    var description: String { "[org key]" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
