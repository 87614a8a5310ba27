/// Why there is no answer: the error type of the library. It is thrown up to `finish` in `Boundary.swift`, which turns
/// it into a status and JSON and frees the message. Code that catches one earlier must free the message itself.
struct Failure: Error {
    let status: Status
    let message: Message

    init(_ status: Status, _ message: Message) {
        self.status = status
        self.message = message
    }

    static var noDescriptor: Failure {
        Failure(.internal, "no file descriptor is left to wake a waiting thread with; see ulimit -n")
    }
    static var noThreadToResolve: Failure {
        Failure(
            .internal,
            "no thread could be started to resolve the name; see ulimit -u, pids.max, and seccomp filters of clone3()")
    }
    /// The host closed descriptors of the library during a call.
    static var descriptorClosed: Failure {
        Failure(
            .internal,
            "the program closed a file descriptor of this library during a call; it must close only its own")
    }
    static var outOfMemory: Failure { Failure(.outOfMemory, "out of memory") }
    static var cancelled: Failure { Failure(.cancelled, "cancelled by mid_client_cancel or mid_client_free") }
    static var forked: Failure { Failure(.cancelled, "this process was forked during the call") }
}
