/// The command line, read with the table of commands and options.
struct Arguments {
    private(set) var command: Command?
    private(set) var operands: [String] = []
    private var common: [(name: String, value: String)] = []
    private var own: [(name: String, value: String)] = []

    /// The value of an option of the command; nil when it is not given. The last one counts.
    func value(_ name: String) -> String? { own.last { $0.name.isSame(as: name) }?.value }
    func has(_ name: String) -> Bool { value(name) != nil }

    /// The value of an option of all commands.
    func commonValue(_ name: String) -> String? { common.last { $0.name.isSame(as: name) }?.value }

    /// The names of the options of all commands that are given.
    var commonNames: [String] { common.map { $0.name } }

    /// Reads the words after the program's name. The options of all commands, `--help` and `--version` among them, may
    /// stand anywhere. Where a command has an option of the same name, that one is meant after the command.
    static func read(_ words: [String]) throws(Failure) -> Arguments {
        var arguments = Arguments()
        var index = 0
        var isOptions = true
        while index < words.count {
            let word = words[index]
            index += 1
            if isOptions && word.isSame(as: "--") {
                isOptions = false
                continue
            }
            if isOptions && word.begins(with: "-") && word.utf8.count > 1 {
                try arguments.readOption(word, words, &index)
                continue
            }
            try refuseKey(word, index)
            if let command = arguments.command {
                if arguments.operands.isEmpty && command.passesOn { isOptions = false }
                arguments.operands.append(word)
            } else {
                guard let command = Command.named(word) else {
                    throw .usage("there is no command '\(word)'; 'machineid --help' lists them")
                }
                arguments.command = command
                if command.passesOn {
                    arguments.operands = Array(words[index...])
                    return arguments
                }
            }
        }
        return arguments
    }

    /// Throws when an argument looks like an org key. The list of processes has shown the key already, so it has to be
    /// changed.
    private static func refuseKey(_ word: String, _ number: Int) throws(Failure) {
        guard Secrecy.hasKey(word) else { return }
        throw .usage(
            "argument \(number) looks like an org key, which everybody on this machine can see there; change the key, "
                + "and give it by --key-file or in MACHINEID_ORG_KEY")
    }

    private mutating func readOption(_ word: String, _ words: [String], _ index: inout Int) throws(Failure) {
        let parts = word.parts(separatedBy: 0x3d, limit: 2)
        let name = String(bytes: parts[0].utf8.drop { $0 == 0x2d })
        let isLong = word.begins(with: "--")
        let ownOption = isLong ? command?.option(name) : nil
        // The message does not repeat what follows the `=`, which may be an org key.
        guard let option = ownOption ?? (isLong ? Option.common.first { $0.name.isSame(as: name) } : nil) else {
            let help = command.map { "machineid \($0.name) --help" } ?? "machineid --help"
            throw .usage("unknown option '\(parts[0])'; '\(help)' lists them")
        }
        var value = ""
        if option.takesValue {
            if parts.count == 2 {
                value = parts[1]
            } else {
                guard index < words.count else { throw .usage("--\(name) needs a value: \(option.usage)") }
                value = words[index]
                index += 1
            }
            // --key-file refuses a key with a message of its own, and a prefix of devices may look like a key.
            if !option.mayLookLikeKey { try Arguments.refuseKey(value, index) }
        } else if parts.count == 2 {
            throw .usage("--\(name) takes no value")
        }
        if ownOption != nil { own.append((name, value)) } else { common.append((name, value)) }
    }
}
