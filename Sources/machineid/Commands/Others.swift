internal import CTool

extension Command {
    static let exec = Command(
        name: "exec", operands: "-d ID [OPTION]... -- PROGRAM...",
        about: "run a program for as long as its device is allowed",
        details: [
            "It is the program machineid-exec: 'machineid exec --help' has its options and exit statuses. 127 also "
                + "means that machineid-exec is not installed, and 126 that it cannot be run."
        ],
        passesOn: true,
        run: { session, arguments throws(Failure) in
            var words: [String] = []
            if arguments.commonValue("json") != nil { words += ["--log", "json"] }
            if let file = arguments.commonValue("key-file") { words += ["--key-file", file] }
            if let url = arguments.commonValue("base-url") { try Environment.set("MACHINEID_BASE_URL", url) }
            if let name = ["options", "timeout"].first(where: { arguments.commonValue($0) != nil }) {
                if hasOptions(arguments.operands) {
                    throw .usage(
                        "--\(name) before exec and --options after it set the same; put all into --options after exec")
                }
                words += ["--options", try Client.options(arguments).line]
            }
            throw OtherProgram.run("machineid-exec", words + arguments.operands, package: "machineid-tools")
        })

    static let emulator = Command(
        name: "emulator", operands: "[OPTION]...", about: "run the authority on loopback, for tests",
        details: [
            "It is the program machineid-emulator: 'machineid emulator --help' has its options. The exit status is 127 "
                + "when machineid-emulator is not installed, and 126 when it cannot be run."
        ], passesOn: true,
        run: { session, arguments throws(Failure) in
            if let option = arguments.commonNames.first {
                throw .usage("--\(option) is not for the emulator; 'machineid emulator --help' lists its options")
            }
            throw OtherProgram.run("machineid-emulator", arguments.operands, package: "machineid-emulator")
        })
}

/// Whether --options is among the words before the program that machineid-exec is to run.
private func hasOptions(_ words: [String]) -> Bool {
    for word in words {
        if word.isSame(as: "--") { return false }
        if word.isSame(as: "--options") || word.begins(with: "--options=") { return true }
    }
    return false
}

/// Another program of the same installation.
enum OtherProgram {
    /// Turns this process into the program of this name from the folder of this one, or else from PATH. Returns only on
    /// failure.
    static func run(_ name: String, _ words: [String], package: String) -> Failure {
        var arguments: [UnsafeMutablePointer<CChar>?] = ([name] + words).map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        if let folder = ownFolder() {
            _ = execv("\(folder)/\(name)", &arguments)
            if tool_errno() != ENOENT { return cannotRun("\(folder)/\(name)") }
        }
        _ = execvp(name, &arguments)
        if tool_errno() != ENOENT { return cannotRun(name) }
        return .failed("\(name) is not installed; the package \(package) has it", exit: ExitStatus.notFound)
    }

    private static func cannotRun(_ path: String) -> Failure {
        .failed("\(path) cannot be run: \(String(cString: strerror(tool_errno())))", exit: ExitStatus.cannotRun)
    }

    /// The folder that this program was started from.
    private static func ownFolder() -> String? {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let length = readlink("/proc/self/exe", &path, Int(PATH_MAX))
        guard length > 0 else { return nil }
        let bytes = path[..<length].map { UInt8(bitPattern: $0) }
        guard let slash = bytes.lastIndex(of: 0x2f) else { return nil }
        return String(bytes: bytes[..<slash])
    }
}
