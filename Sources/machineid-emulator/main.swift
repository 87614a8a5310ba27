import CJansson
import Glibc

// A reader of our output that goes away must not end the emulator.
signal(SIGPIPE, SIG_IGN)
// Blocked here, before there is another thread, and so in every thread: they are waited for below instead.
var endings = sigset_t()
sigemptyset(&endings)
sigaddset(&endings, SIGINT)
sigaddset(&endings, SIGTERM)
pthread_sigmask(SIG_BLOCK, &endings, nil)
// jansson seeds its hash tables at their first use, which must not be in two threads at once.
json_object_seed(0)

do {
    switch try Arguments.read(CommandLine.arguments.dropFirst()) {
    case .help:
        write(help, to: STDOUT_FILENO)
    case .version:
        write("machineid-emulator \(version)\n", to: STDOUT_FILENO)
    case .serve(let arguments):
        let listener = try Listener(arguments.address, port: arguments.port)
        let log = RequestLog(hiding: arguments.keys) { write($0, to: STDERR_FILENO) }
        let server = Server(Router(Authority(keys: arguments.keys, plan: arguments.plan)), log: arguments.isQuiet ? nil : log)
        let served = server.run(on: listener) {
            write("listening on \(listener.url)\n", to: STDOUT_FILENO)
            var signal: CInt = 0
            sigwait(&endings, &signal)
        }
        if !served { fail("libmicrohttpd cannot start its threads", status: 1) }
    }
} catch let fault as Arguments.Fault {
    fail("\(fault.message)\nTry 'machineid-emulator --help'.", status: 2)
} catch let error as ListenError {
    fail(error.message, status: 1)
}
