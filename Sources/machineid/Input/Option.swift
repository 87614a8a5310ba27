/// An option of the command line. This table drives the parser, --help, the man pages and the completion.
struct Option: Sendable {
    /// The kind of value that an option takes. It decides its name in --help, and the completion.
    enum Value: Sendable {
        case none
        case text(String)
        case file
        case words([String])

        var name: String? {
            switch self {
            case .none: nil
            case .text(let name): name
            case .file: "FILE"
            case .words(let words): words.joined(by: "|")
            }
        }
    }

    /// Without the two hyphens.
    let name: String
    var value = Value.none
    let about: String
    /// Whether the parser accepts a value that looks like an org key: a prefix of device ids may look like one, and the
    /// reader of a key file refuses a key itself.
    var mayLookLikeKey: Bool { name.isSame(as: "prefix") || name.isSame(as: "key-file") }

    var takesValue: Bool { value.name != nil }

    /// As it is written: `--timeout S`.
    var usage: String { value.name.map { "--\(name) \($0)" } ?? "--\(name)" }

    /// The options of all commands.
    static let common = [
        Option(name: "json", about: "print JSON: one object on a line for each result and each error"),
        Option(
            name: "base-url", value: .text("URL"),
            about: "the authority. Default: MACHINEID_BASE_URL, or https://machineid.io"),
        Option(name: "key-file", value: .file, about: "read the org key from FILE, which others may not read"),
        Option(
            name: "options", value: .text("JSON"),
            about: "options of the client as a JSON object, such as '{\"proxy\":\"\"}'; machineid(3) lists them"),
        Option(
            name: "timeout", value: .text("S"),
            about: "seconds for one request, everything included. Default: 10"),
        Option(name: "help", about: "print this and end"),
        Option(name: "version", about: "print the version and end"),
    ]
}
