internal import CTool

/// Standard output and standard error. Results have three forms: a table on a terminal, columns separated by tabs in a
/// pipe, and with --json an object on a line.
final class Console {
    /// Set by --json.
    var isJSON = false
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let hasErrorTerminal = isatty(STDERR_FILENO) == 1
    private let mayColour: Bool
    private var buffer: [UInt8] = []
    /// The errno of a write to standard output that failed.
    private var fault: CInt?
    private var isProgressShown = false
    /// The org key, which no line may contain.
    private var key: SecretBytes?

    init() {
        let isDumb = Environment.text("TERM").map { $0.isSame(as: "dumb") } ?? true
        mayColour = Environment.text("NO_COLOR") == nil && !isDumb
    }

    /// Whether somebody can be asked a question.
    var canAsk: Bool { isatty(STDIN_FILENO) == 1 && hasErrorTerminal }

    /// How wide the terminal of standard output is now; 0 when it does not say, or is none.
    var columns: Int { Int(tool_terminal_columns(STDOUT_FILENO)) }

    /// Keeps the org key out of all further lines, whatever the authority says.
    func hide(_ key: SecretBytes) { self.key = key }

    private func withoutKey(_ line: String) -> String { key.map { Secrecy.hiding($0, in: line) } ?? line }

    // MARK: Results

    /// Adds a line to standard output. The next flush writes it.
    func say(_ line: String) {
        buffer += Array(withoutKey(line).utf8)
        buffer.append(0x0a)
        if buffer.count > 65536 { flush() }
    }

    /// Adds text that has its own line feeds.
    func say(text: String) { buffer += Array(text.utf8) }

    func flush() {
        clearProgress()
        if !write(buffer, to: STDOUT_FILENO) { fault = tool_errno() }
        buffer = []
    }

    /// Writes what is left. Throws when some output could not be written, for example to a full disk.
    func finish() throws(Failure) {
        flush()
        if let fault { throw .failed("standard output cannot be written: \(String(cString: strerror(fault)))") }
    }

    /// Ends the program when nobody reads standard output any more, just as a write to it would.
    func checkReader() throws(Failure) {
        guard tool_has_no_reader(STDOUT_FILENO) != 0 else { return }
        raise(SIGPIPE)
        throw .failed("standard output cannot be written: \(String(cString: strerror(EPIPE)))")
    }

    func coloured(_ text: String, _ colour: Colour, onError: Bool = false) -> String {
        guard mayColour, onError ? hasErrorTerminal : isTerminal, colour != .none else { return text }
        return "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m"
    }

    // MARK: Failures and progress

    func fail(_ failure: Failure) {
        flush()
        if isJSON {
            sayError(failure.json.line)
        } else {
            sayError("machineid: \(failure.line)")
        }
    }

    /// Prints a line that is no result, for a person; nothing with --json.
    func sayNote(_ line: String) {
        flush()
        if isJSON { return }
        let start = "machineid: "
        let columns = Int(tool_terminal_columns(STDERR_FILENO))
        let text = Secrecy.hidingKeys(line.withoutControls)
        sayError(start + text.hanging(at: start.columns, in: columns))
    }

    private func sayError(_ line: String) { _ = write(Array(withoutKey(line).utf8) + [0x0a], to: STDERR_FILENO) }

    /// Shows the progress of the command, if standard error is a terminal.
    func progress(_ line: @autoclosure () -> String) {
        guard hasErrorTerminal, !isJSON else { return }
        let text = Secrecy.hidingKeys(withoutKey(line().withoutControls))
        _ = write(Array("\r\u{1b}[K\(text)".utf8), to: STDERR_FILENO)
        isProgressShown = true
    }

    func clearProgress() {
        guard isProgressShown else { return }
        isProgressShown = false
        _ = write(Array("\r\u{1b}[K".utf8), to: STDERR_FILENO)
    }

    /// Asks a question that takes y or n, and returns whether the answer was y.
    func ask(_ question: String) -> Bool {
        flush()
        let text = Secrecy.hidingKeys(withoutKey(question.withoutControls))
        _ = write(Array("\(text) [y/N] ".utf8), to: STDERR_FILENO)
        var byte: UInt8 = 0
        var answer: [UInt8] = []
        while read(STDIN_FILENO, &byte, 1) == 1, byte != 0x0a {
            if answer.count < 8 { answer.append(byte) }
        }
        let said = String(bytes: answer).trimmed
        return said.isSame(as: "y") || said.isSame(as: "Y") || said.isSame(as: "yes")
    }

    /// Writes all bytes. Returns false when that failed.
    private func write(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var done = 0
        while done < bytes.count {
            let written = bytes[done...].withUnsafeBytes { CTool.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && tool_errno() == EINTR { continue }
            if written <= 0 { return false }
            done += written
        }
        return true
    }
}

/// The colours of a terminal, by their numbers.
enum Colour: Int {
    case none = 0
    case bold = 1
    case red = 31
    case green = 32
    case yellow = 33
}
