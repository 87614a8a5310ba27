// `optind` and its like are plain C variables. They are used before there is a second thread.
@preconcurrency import Glibc

/// What the command line asks for.
struct Arguments: Equatable {
    /// M, I and D on the keys of a telephone.
    static let standardPort: UInt16 = 6430

    var address = LoopbackAddress.standard
    var port = Self.standardPort
    var plan = Plan()
    var keys: [OrgKey] = []
    var isQuiet = false

    enum Command: Equatable {
        case serve(Arguments)
        case help
        case version
    }

    /// What is wrong with the command line.
    struct Fault: Error, Equatable {
        let message: String
    }

    /// Reads the command line, whose first word is the name of the program.
    static func read(_ words: [String]) throws(Fault) -> Command {
        var arguments = Arguments()
        let argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        optind = 0  // glibc: begin anew
        while let option = try next(argv, words) {
            let value = optarg.map { String(cString: $0) } ?? ""
            switch option {
            case .help: return .help
            case .version: return .version
            case .quiet: arguments.isQuiet = true
            case .host: try arguments.setHost(value)
            case .port: try arguments.setPort(value)
            case .plan: arguments.plan.tier = try choice(option, value)
            case .planState: arguments.plan.state = try choice(option, value)
            case .execution: arguments.plan.executionEnabled = try choice(option, value) as Switch == .on
            case .orgKey: try arguments.addKey(value)
            }
        }
        if Int(optind) < words.count { throw Fault(message: "unknown argument '\(words[Int(optind)])'") }
        if arguments.keys.isEmpty { try arguments.addKey(OrgKey.demo) }
        return .serve(arguments)
    }

    private enum Option: String, CaseIterable {
        case host, port, plan, execution, quiet, help, version
        case planState = "plan-state"
        case orgKey = "org-key"

        var takesValue: Bool { ![.quiet, .help, .version].contains(self) }
    }

    private enum Switch: String, CaseIterable { case on, off }

    /// The next option, or nil when there is none left.
    private static func next(_ argv: [UnsafeMutablePointer<CChar>?], _ words: [String]) throws(Fault) -> Option? {
        // Above what a short option could be.
        let base: CInt = 256
        let names = Option.allCases.map { strdup($0.rawValue) }
        defer { names.forEach { free($0) } }
        let options =
            zip(Option.allCases, names).enumerated().map { index, option in
                Glibc.option(
                    name: option.1, has_arg: option.0.takesValue ? required_argument : no_argument, flag: nil,
                    val: base + CInt(index))
            } + [Glibc.option()]
        var argv = argv
        // "+" stops at the first word that is no option; ":" tells a missing value from an unknown option, and leaves
        // the messages to us.
        let found = getopt_long(CInt(words.count), &argv, "+:", options, nil)
        if found == -1 { return nil }
        if found >= base { return Option.allCases[Int(found - base)] }
        if optopt >= base {
            let name = Option.allCases[Int(optopt - base)].rawValue
            throw Fault(message: found == CInt(UInt8(ascii: ":")) ? "--\(name) needs a value" : "--\(name) takes no value")
        }
        let isShort = optopt != 0
        let word = isShort ? "-\(Unicode.Scalar(UInt8(truncatingIfNeeded: optopt)))" : words[Int(optind) - 1]
        // What follows the = could be an org key.
        throw Fault(message: "unknown option '\(word.prefix { $0 != "=" })'")
    }

    private mutating func setHost(_ value: String) throws(Fault) {
        guard let address = LoopbackAddress(value) else {
            throw Fault(message: "--host '\(value)': a loopback address, such as 127.0.0.1 or ::1")
        }
        self.address = address
    }

    private mutating func setPort(_ value: String) throws(Fault) {
        guard value.utf8.allSatisfy((0x30...0x39).contains), let port = UInt16(value) else {
            throw Fault(message: "--port '\(value)': a number from 0 to 65535")
        }
        self.port = port
    }

    private mutating func addKey(_ value: String) throws(Fault) {
        guard let key = OrgKey(value) else {
            throw Fault(message: "--org-key: 1 to \(OrgKey.maximumBytes) bytes of printable ASCII without spaces")
        }
        guard !keys.contains(key) else { throw Fault(message: "--org-key: the same key is given twice") }
        keys.append(key)
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ option: Option, _ value: String
    ) throws(Fault) -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: value) else {
            throw Fault(message: "--\(option.rawValue) '\(value)': one of \(Choice.names)")
        }
        return choice
    }
}
