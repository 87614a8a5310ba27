/// The options on the command line.
struct Arguments: Equatable {
    /// M, I and D on a telephone keypad, and a 0.
    static let standardPort: UInt16 = 6430

    var address = LoopbackAddress.standard
    /// 0 for any free port.
    var port = Self.standardPort
    /// The plan that every organisation starts with.
    var plan = Plan()
    /// One key for each organisation.
    var keys: [OrgKey] = []
    /// Whether requests are not logged.
    var isQuiet = false
    /// The file with the scenario that every organisation starts with.
    var scenario: String?
    /// The file that keeps the organisations.
    var state: String?

    /// What the program is to do.
    enum Command: Equatable {
        case serve(Arguments)
        case help
        case version
    }

    /// Reads the arguments after the program's name, in both forms: `--port 0`, `--port=0`.
    static func read(_ words: some Sequence<String>) throws(Failure) -> Command {
        var arguments = Arguments()
        var words = words.makeIterator()
        while let word = words.next() {
            let (option, attached) = try split(word)
            if !option.takesValue && attached != nil { throw .usage("--\(option.rawValue) takes no value") }
            func value() throws(Failure) -> String {
                guard let value = attached ?? words.next() else { throw .usage("--\(option.rawValue) needs a value") }
                return value
            }
            switch option {
            case .help: return .help
            case .version: return .version
            case .quiet: arguments.isQuiet = true
            case .host: try arguments.setHost(value())
            case .port: try arguments.setPort(value())
            case .plan: arguments.plan.tier = try choice(option, value())
            case .planState: arguments.plan.state = try choice(option, value())
            case .execution: arguments.plan.executionEnabled = try choice(option, value()) == Switch.on
            case .orgKey: try arguments.addKey(value())
            case .scenario: arguments.scenario = try file(option, value())
            case .state: arguments.state = try file(option, value())
            }
        }
        if arguments.keys.isEmpty { try arguments.addKey(OrgKey.demo) }
        return .serve(arguments)
    }

    private enum Option: String, CaseIterable {
        case host, port, plan, execution, scenario, state, quiet, help, version
        case planState = "plan-state"
        case orgKey = "org-key"

        var takesValue: Bool { ![.quiet, .help, .version].contains(self) }
    }

    private enum Switch: String, CaseIterable { case on, off }

    /// Splits an argument into its option and the value after `=`, if there is one.
    private static func split(_ word: String) throws(Failure) -> (Option, value: String?) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        // The message repeats neither what follows the `=`, which may be an org key, nor what looks like one.
        if word.hasPrefix("org_") { throw .usage("an org key is given as --org-key KEY") }
        guard word.hasPrefix("--"), let option = Option(rawValue: String(parts[0].dropFirst(2))) else {
            throw .usage("unknown argument '\(parts[0])'")
        }
        return (option, parts.count == 2 ? String(parts[1]) : nil)
    }

    private mutating func setHost(_ value: String) throws(Failure) {
        guard let address = LoopbackAddress(value) else {
            throw .usage("--host '\(value)' is not a loopback address; use 127.0.0.1 or ::1")
        }
        self.address = address
    }

    private mutating func setPort(_ value: String) throws(Failure) {
        guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(value) else {
            throw .usage("--port '\(value)' is not a number from 0 to 65535")
        }
        self.port = port
    }

    private mutating func addKey(_ value: String) throws(Failure) {
        guard let key = OrgKey(value) else {
            throw .usage("--org-key takes 1 to \(OrgKey.maximumBytes) bytes of printable ASCII without spaces")
        }
        guard !keys.contains(key) else { throw .usage("--org-key is given the same key twice") }
        keys.append(key)
    }

    private static func file(_ option: Option, _ value: String) throws(Failure) -> String {
        if value.isEmpty { throw .usage("--\(option.rawValue) needs the name of a file") }
        return value
    }

    /// The value as one of the choices of an option; throws with a list of them when it is none.
    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ option: Option, _ value: String
    ) throws(Failure) -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: value) else {
            throw .usage("--\(option.rawValue) '\(value)' is not one of \(Choice.names)")
        }
        return choice
    }
}
