import CJansson
import Glibc

/// Runs the emulator with these options until a signal ends it.
func serve(_ arguments: Arguments) throws(Failure) {
    // This comes before any other thread starts, because that thread would receive the signals.
    let termination = Termination()
    // A reader of the output that goes away must not end the emulator.
    signal(SIGPIPE, SIG_IGN)
    // jansson seeds its hash tables at their first use, which two threads must not do at the same time.
    json_object_seed(0)

    var scenario: Scenario?
    if let file = arguments.scenario { scenario = try Scenario(file: file) }
    let authority = try authority(arguments, scenario)
    let keys = HiddenKeys(arguments.keys)
    let log = arguments.isQuiet ? nil : RequestLog(hiding: keys) { write($0, to: STDERR_FILENO) }
    let listener = try Listener(arguments.address, port: arguments.port)
    let server = Server(Router(authority, hiding: keys, log: log))
    let served = server?.run(on: listener) {
        write("listening on \(listener.url)\n", to: STDOUT_FILENO)
        termination.wait()
    }
    guard served == true else { throw Failure(status: 1, "the system refuses to start threads") }
}

private func authority(_ arguments: Arguments, _ scenario: Scenario?) throws(Failure) -> Authority {
    var state: StateFile?
    if let file = arguments.state { state = try StateFile(file) }
    do throws(DatabaseError) {
        return try Authority(keys: arguments.keys, plan: arguments.plan, scenario: scenario, state: state)
    } catch {
        throw Failure(status: 1, "\(arguments.state ?? ""): cannot be read: \(error.message)")
    }
}
