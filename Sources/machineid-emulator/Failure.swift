/// Why the emulator ends, or does not begin: a line for a person, and the exit status.
struct Failure: Error, Equatable {
    let status: CInt
    let message: String

    init(status: CInt, _ message: String) {
        self.status = status
        self.message = message
    }

    /// Something on the command line.
    static func usage(_ message: String) -> Failure {
        Failure(status: 2, "\(message)\nTry 'machineid-emulator --help'.")
    }
}
