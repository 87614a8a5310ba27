/// Why there is no answer. The one error type of the library: `Exports.swift` turns it into a status and JSON.
struct Failure: Error {
    let status: Status
    let message: Message

    init(_ status: Status, _ message: Message) {
        self.status = status
        self.message = message
    }

    static var outOfMemory: Failure { Failure(.outOfMemory, "out of memory") }
}
