/// The key of an organisation. Its description and its mirror do not show it, so that it cannot get into a log through
/// a string.
struct OrgKey: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The key that is accepted when the command line gives none.
    static let demo = "org_demo"
    static let maximumBytes = 512

    let secret: String

    /// nil unless the text, without white space at both ends, is 1 to 512 bytes of printable ASCII without spaces,
    /// which is what a header can carry.
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
