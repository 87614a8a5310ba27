/// The completion for bash, from the table of commands and options.
enum BashCompletion {
    static func script() -> String {
        let valued = Option.common.filter { $0.takesValue }.map { "--\($0.name)" }.joined(by: " | ")
        var text = """
            # bash completion for machineid
            _machineid() {
                local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command='' index
                local options='\(names(Option.common))' words=''
                COMPREPLY=()
                for ((index = 1; index < COMP_CWORD; index++)); do
                    case ${COMP_WORDS[index]} in
                    \(valued)) index=$((index + 1)) ;;
                    -*) ;;
                    *)
                        command=${COMP_WORDS[index]}
                        break
                        ;;
                    esac
                done
                case $command in
                '') words='\(Command.all.map { $0.name }.joined(by: " "))' ;;

            """
        for command in Command.all { text += branch(command) }
        text += """
                *) options='' ;;
                esac
                case $previous in

            """
        for (option, value) in values() {
            text += "    --\(option)) words='\(value)' options='' ;;\n"
        }
        text += """
                esac
                case $current in
                -*) words=$options ;;
                esac
                mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
            }
            complete -o default -F _machineid machineid

            """
        return text
    }

    private static func names(_ options: [Option]) -> String { options.map { "--\($0.name)" }.joined(by: " ") }

    private static func branch(_ command: Command) -> String {
        if command.passesOn { return "    \(command.name)) return ;;\n" }
        var parts = ""
        if !command.options.isEmpty { parts += " options+=' \(names(command.options))'" }
        let words = command.words.all
        if !words.isEmpty { parts += " words='\(words.joined(by: " "))'" }
        return "    \(command.name))\(parts) ;;\n"
    }

    /// The options that take a value, and the words that it can be. Without such words, bash completes file names.
    private static func values() -> [(String, String)] {
        var found: [(String, String)] = []
        for option in Option.common + Command.all.flatMap({ $0.options }) where option.takesValue {
            if found.contains(where: { $0.0.isSame(as: option.name) }) { continue }
            if case .words(let words) = option.value {
                found.append((option.name, words.joined(by: " ")))
            } else {
                found.append((option.name, ""))
            }
        }
        return found
    }
}
