/// The exit statuses, which are the same for all commands.
enum ExitStatus {
    static let done: Int32 = 0
    /// The authority denied a device, or the person said no to a question.
    static let denied: Int32 = 1
    /// Wrong use. Nothing was sent, except, with --prefix, a request for the list.
    static let usage: Int32 = 2
    /// No answer came, or the reply cannot be used.
    static let noAnswer: Int32 = 3
    /// The authority refused the request.
    static let refused: Int32 = 4
    /// The program itself failed, for example because its output cannot be written.
    static let failed: Int32 = 5
    /// As in env(1): another program cannot be run, or is not found.
    static let cannotRun: Int32 = 126
    static let notFound: Int32 = 127

    /// The status for several devices is the worst one, in this order: the program's own failure, a denial, a refusal,
    /// no answer, wrong use.
    static func worse(_ one: Int32, _ other: Int32) -> Int32 {
        let order = [failed, denied, refused, noAnswer, usage]
        return order.first { $0 == one || $0 == other } ?? done
    }

    /// The table for --help and the man pages.
    static let table = [
        ("0", "it is done; every device is allowed"),
        ("1", "a device is denied, or a limit is passed, or the question was answered with no"),
        ("2", "wrong use; nothing was changed, and nothing sent, except, with --prefix, a request for the list"),
        ("3", "there is no answer: the authority is out of reach or too slow, or its reply cannot be used"),
        ("4", "the authority refused the request: unknown key, unknown device, the plan's limit"),
        ("5", "machineid itself failed, for example because its output cannot be written"),
    ]
}
