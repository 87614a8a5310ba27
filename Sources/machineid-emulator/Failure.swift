/// Why the emulator ends or does not start: a line for a person, and the exit status.
struct Failure: Error, Equatable {
    let status: CInt
    let message: String

    init(status: CInt, _ message: String) {
        self.status = status
        self.message = message
    }

    /// A mistake on the command line.
    static func usage(_ message: String) -> Failure {
        Failure(status: 2, "\(message)\nTry 'machineid-emulator --help'.")
    }
}
