/// The texts of --help, from the table of commands and options. script/reference makes the man pages from them.
enum Help {
    private static let width = 79

    static func program() -> String {
        var text = "Usage: machineid [OPTION]... COMMAND [ARGUMENT]...\n\n"
        text += paragraph(
            "Asks and steers the MachineID authority, which decides outside a process whether a device may run. "
                + "Results are a table on a terminal, columns separated by tabs in a pipe, and JSON with --json.")
        text += "Commands:\n\n"
        let commandWidth = Command.all.reduce(0) { max($0, $1.name.columns) }
        for command in Command.all { text += entry(command.name, command.about, indent: commandWidth + 4) }
        text += "\nOptions, before or after the command:\n\n" + options(Option.common)
        return text + "\n" + common()
    }

    static func command(_ command: Command) -> String {
        var text = "Usage: machineid \(command.name)"
        if !command.options.isEmpty { text += " [OPTION]..." }
        if !command.operands.isEmpty { text += " \(command.operands)" }
        text += "\n\n" + paragraph(sentence(command.about))
        for detail in command.details { text += paragraph(detail) }
        if command.passesOn { return text }
        if !command.options.isEmpty { text += "Options:\n\n" + options(command.options) + "\n" }
        let others = Option.common.map { option in
            guard command.option(option.name) != nil else { return option }
            return Option(name: option.name, value: option.value, about: "before the command: \(option.about)")
        }
        text += "Options of all commands:\n\n" + options(others) + "\n"
        if !command.examples.isEmpty {
            text += "Examples:\n\n"
            // help2man joins lines that have no blank line between them.
            for example in command.examples { text += "  \(example)\n\n" }
        }
        return text + common()
    }

    /// What all commands have in common: the exit statuses and the variables.
    private static func common() -> String {
        var text = "Exit status:\n\n"
        for (number, about) in ExitStatus.table { text += entry(number, about, indent: 5) }
        text += "\nEnvironment:\n\n"
        let widest = Environment.table.reduce(0) { max($0, $1.0.columns) }
        for (name, about) in Environment.table { text += entry(name, about, indent: widest + 4) }
        return text
    }

    private static func sentence(_ about: String) -> String {
        var bytes = Array(about.utf8)
        if let first = bytes.first, (0x61...0x7a).contains(first) { bytes[0] = first - 0x20 }
        return String(bytes: bytes) + "."
    }

    private static func options(_ options: [Option]) -> String {
        let widest = options.reduce(0) { max($0, $1.usage.columns) }
        var text = ""
        for option in options { text += entry(option.usage, option.about, indent: min(widest, 20) + 4) }
        return text
    }

    /// A term and its meaning, which stands beside a short term and below a long one.
    private static func entry(_ term: String, _ about: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        let lines = about.wrapped(to: width - indent)
        let isBeside = term.columns + 4 <= indent
        var text = isBeside ? "  \(term)".padded(to: indent) : "  \(term)\n"
        for (index, line) in lines.enumerated() { text += (index == 0 && isBeside ? "" : margin) + line + "\n" }
        return text
    }

    private static func paragraph(_ text: String) -> String {
        text.wrapped(to: width).joined(by: "\n") + "\n\n"
    }
}
