internal import CMachineID

extension Command {
    static let help = Command(
        name: "help", operands: "[COMMAND]", about: "print the help of a command",
        details: ["With --json it prints the commands and their options as an object."],
        examples: ["machineid help revoke"], words: .commands, run: runHelp)

    static let version = Command(
        name: "version", operands: "", about: "print the versions of machineid and of the library",
        run: { session, arguments throws(Failure) in
            if let operand = arguments.operands.first, arguments.commonValue("version") == nil {
                throw .usage("version takes no argument '\(operand)'; leave it out")
            }
            let own = MID_VERSION
            let library = String(cString: mid_version())
            if session.console.isJSON {
                let object = JSON.object()
                object.set("machineid", own)
                object.set("library", JSON.parse(mid_build_info()))
                session.console.say(object.line)
            } else {
                session.console.say("machineid \(own)")
                if !own.isSame(as: library) { session.console.say("libmachineid \(library)") }
            }
            return ExitStatus.done
        })
}

@Sendable private func runHelp(_ session: Session, _ arguments: Arguments) throws(Failure) -> Int32 {
    if session.console.isJSON {
        session.console.say(Reference.json().line)
        return ExitStatus.done
    }
    guard let name = arguments.operands.first else {
        session.console.say(text: Help.program())
        return ExitStatus.done
    }
    guard let command = Command.named(name) else {
        throw .usage("there is no command '\(name)'; 'machineid --help' lists them")
    }
    session.console.say(text: Help.command(command))
    return ExitStatus.done
}
