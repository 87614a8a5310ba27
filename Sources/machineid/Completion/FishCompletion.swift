/// The completion for fish, from the table of commands and options.
enum FishCompletion {
    static func script() -> String {
        var text = "# fish completion for machineid\ncomplete -c machineid -f\n"
        for option in Option.common { text += line("", option) }
        for command in Command.all {
            text += "complete -c machineid -n __fish_use_subcommand -a \(command.name) -d '\(escaped(command.about))'\n"
        }
        for command in Command.all {
            let condition = " -n '__fish_seen_subcommand_from \(command.name)'"
            for option in command.options { text += line(condition, option) }
            let words = command.words.all
            if !words.isEmpty { text += "complete -c machineid\(condition) -a '\(words.joined(by: " "))'\n" }
            if command.passesOn { text += other(command.name) }
        }
        return text
    }

    /// The options of another program, which are those of its --help, and a command after `--`.
    private static func other(_ name: String) -> String {
        let end = "contains -- -- (commandline -opc)"
        let find = #"string match -rg "^ *(?:-., )?(--[a-z-]+)""#
        return """
            complete -c machineid -n '__fish_seen_subcommand_from \(name)' -F
            complete -c machineid -n '__fish_seen_subcommand_from \(name); and not \(end)' \
                -a '(machineid \(name) --help 2>/dev/null | \(find))'
            complete -c machineid -n '__fish_seen_subcommand_from \(name); and \(end)' -a '(__fish_complete_command)'

            """
    }

    private static func line(_ condition: String, _ option: Option) -> String {
        var value = ""
        switch option.value {
        case .none: break
        case .text: value = " -x"
        case .file: value = " -r -F"
        case .words(let words): value = " -x -a '\(words.joined(by: " "))'"
        }
        return "complete -c machineid\(condition) -l \(option.name)\(value) -d '\(escaped(option.about))'\n"
    }

    private static func escaped(_ about: String) -> String {
        var bytes: [UInt8] = []
        for byte in about.utf8 {
            if byte == 0x27 || byte == 0x5c { bytes.append(0x5c) }
            bytes.append(byte)
        }
        return String(bytes: bytes)
    }
}
