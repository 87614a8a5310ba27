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

    let authority = Authority(keys: arguments.keys, plan: arguments.plan)
    let log = arguments.isQuiet ? nil : RequestLog(hiding: arguments.keys) { write($0, to: STDERR_FILENO) }
    let listener = try Listener(arguments.address, port: arguments.port)
    let served = Server(Router(authority), log: log).run(on: listener) {
        write("listening on \(listener.url)\n", to: STDOUT_FILENO)
        termination.wait()
    }
    guard served else { throw Failure(status: 1, "libmicrohttpd cannot start its threads") }
}
