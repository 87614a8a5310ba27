/// The completion for zsh, from the table of commands and options.
enum ZshCompletion {
    static func script() -> String {
        var text = """
            #compdef machineid
            # The options of another program are those of its --help. What follows -- is a command.
            _machineid_other() {
                integer end=${words[(i)--]}
                local -a found
                if (( end < CURRENT )); then
                    shift $end words
                    (( CURRENT -= end ))
                    _normal
                elif [[ $PREFIX == -* ]]; then
                    found=(${(f)"$(machineid $words[1] --help 2>/dev/null |
                        sed -nE 's/^ *(-., )?(--[a-z-]+).*/\\2/p')"})
                    compadd -a found
                else
                    _files
                fi
            }
            _machineid() {
                local state line curcontext=$curcontext
                local -a common known
                common=(

            """
        for option in Option.common { text += "        \(specification(option))\n" }
        text += """
                )
                _arguments -C $common '1: :->command' '*:: :->operand'
                case $state in
                command)
                    known=(

            """
        for command in Command.all { text += "            '\(command.name):\(escaped(command.about))'\n" }
        text += """
                    )
                    _describe command known
                    ;;
                operand)
                    case $words[1] in

            """
        for command in Command.all { text += branch(command) }
        text += """
                    esac
                    ;;
                esac
            }
            if [[ $funcstack[1] == _machineid ]]; then _machineid "$@"; else compdef _machineid machineid; fi

            """
        return text
    }

    private static func branch(_ command: Command) -> String {
        if command.passesOn { return "        \(command.name)) _machineid_other ;;\n" }
        var parts = command.options.map { specification($0) }
        let words = command.words.all
        if !words.isEmpty {
            parts.append("'1:word:(\(words.joined(by: " ")))'")
        } else if !command.operands.isEmpty {
            parts.append("'*:device id:'")
        }
        return "        \(command.name)) _arguments \((["$common"] + parts).joined(by: " ")) ;;\n"
    }

    private static func specification(_ option: Option) -> String {
        let about = "'--\(option.name)[\(escaped(option.about))]"
        switch option.value {
        case .none: return about + "'"
        case .text(let name): return about + ":\(name):'"
        case .file: return about + ":file:_files'"
        case .words(let words): return about + ":value:(\(words.joined(by: " ")))'"
        }
    }

    /// The first sentence, escaped for single quotes and for zsh, which gives brackets and colons a meaning.
    private static func escaped(_ about: String) -> String {
        var bytes: [UInt8] = []
        var isAfterStop = false
        for byte in about.utf8 {
            if isAfterStop && byte == 0x20 {
                bytes.removeLast()
                break
            }
            isAfterStop = byte == 0x2e
            switch byte {
            case 0x27: bytes += Array("'\\''".utf8)
            case 0x3a, 0x5b, 0x5c, 0x5d: bytes += [0x5c, byte]
            default: bytes.append(byte)
            }
        }
        return String(bytes: bytes)
    }
}
