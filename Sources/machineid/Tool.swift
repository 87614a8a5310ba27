internal import CTool

/// The program's main function. SwiftPM renames the module's `main`, and Embedded Swift gives it no arguments, so it is
/// written here.
@_cdecl("machineid_tool_main")
public func toolMain(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    guard tool_occupy_streams() == 0 else { return ExitStatus.failed }
    guard tool_become_unreadable() == 0 else {
        return report(.failed("the system does not hide this process from others: prctl(PR_SET_DUMPABLE)"), [])
    }
    tool_end_by_signals_as_first_process()
    tool_use_utf8()
    var texts: [String] = []
    for index in 1..<max(1, Int(count)) {
        guard let word = words[index] else { break }
        guard let text = String(validatingCString: word) else {
            return report(.usage("argument \(index) is not UTF-8; correct it"), texts)
        }
        texts.append(text)
    }
    do throws(Failure) {
        return run(try Arguments.read(texts))
    } catch {
        return report(error, texts)
    }
}

private func run(_ arguments: Arguments) -> CInt {
    let session = Session(arguments)
    do throws(Failure) {
        let status = try perform(session, arguments)
        try session.console.finish()
        return status
    } catch {
        session.console.fail(error)
        return error.exit
    }
}

private func perform(_ session: Session, _ arguments: Arguments) throws(Failure) -> CInt {
    if arguments.commonValue("help") != nil {
        session.console.say(text: arguments.command.map { Help.command($0) } ?? Help.program())
        return ExitStatus.done
    }
    if arguments.commonValue("version") != nil { return try Command.version.run(session, arguments) }
    guard let command = arguments.command else { throw .usage("no command; 'machineid --help' lists them") }
    return try command.run(session, arguments)
}

/// Reports what is wrong with the arguments, as JSON if --json is among them.
private func report(_ failure: Failure, _ words: [String]) -> CInt {
    let console = Console()
    console.isJSON = words.contains { $0.isSame(as: "--json") }
    console.fail(failure)
    return failure.exit
}
