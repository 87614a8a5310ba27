/// The completion for bash, from the table of commands and options.
enum BashCompletion {
    static func script() -> String {
        let valued = Option.common.filter { $0.takesValue }.map { "--\($0.name)" }.joined(by: " | ")
        var text = """
            # bash completion for machineid
            # The options of another program are those of its --help. What follows -- is a command.
            _machineid_other() {
                local words
                for ((index++; index < COMP_CWORD; index++)); do
                    [ "${COMP_WORDS[index]}" = -- ] || continue
                    if declare -F _command_offset >/dev/null; then
                        _command_offset $((index + 1))
                    elif [ $((index + 1)) = "$COMP_CWORD" ]; then
                        mapfile -t COMPREPLY < <(compgen -c -- "$current")
                    fi
                    return
                done
                case $current in
                -*)
                    words=$("${COMP_WORDS[0]}" "$command" --help 2>/dev/null | grep -oE '^ *(-., )?--[a-z-]+')
                    mapfile -t COMPREPLY < <(compgen -W "${words//-[a-z],/}" -- "$current")
                    ;;
                esac
            }
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
        if command.passesOn { return "    \(command.name)) _machineid_other; return ;;\n" }
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
