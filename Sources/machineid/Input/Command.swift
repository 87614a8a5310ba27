/// The words that an operand of a command can be.
enum Words: Sendable {
    case none
    case these([String])
    /// The names of the commands.
    case commands

    var all: [String] {
        switch self {
        case .none: []
        case .these(let words): words
        case .commands: Command.all.map { $0.name }
        }
    }
}

/// A command. The parser, --help, the man pages and the completion all use one table of commands and options.
struct Command: Sendable {
    let name: String
    /// The operands in --help, such as `ID...`.
    let operands: String
    /// What it does, in a line without a full stop.
    let about: String
    /// More about it: paragraphs for --help.
    var details: [String] = []
    var options: [Option] = []
    /// Examples, as whole command lines.
    var examples: [String] = []
    /// The words that an operand can be, for the completion.
    var words = Words.none
    /// Whether everything after the name belongs to another program.
    var passesOn = false
    let run: @Sendable (Session, Arguments) throws(Failure) -> Int32

    /// All commands, in the order of --help.
    static let all = [
        validate, register, unrevoke, revoke, remove, list, usage, watch, wait, exec, doctor, emulator, completion,
        help,
        version,
    ]

    static func named(_ name: String) -> Command? { all.first { $0.name.isSame(as: name) } }

    func option(_ name: String) -> Option? { options.first { $0.name.isSame(as: name) } }
}
