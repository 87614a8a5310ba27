/// The exit statuses, which are the same for all commands.
enum ExitStatus {
    static let done: Int32 = 0
    /// The authority denied a device, or the person said no to a question.
    static let denied: Int32 = 1
    /// Wrong use. Nothing was sent, but for a request for the list with --prefix.
    static let usage: Int32 = 2
    /// No answer came, or what came is no answer.
    static let noAnswer: Int32 = 3
    /// The authority refused the request.
    static let refused: Int32 = 4
    /// The program itself failed, for example because its output cannot be written.
    static let failed: Int32 = 5
    /// As in env(1): another program cannot be run, or is not found.
    static let cannotRun: Int32 = 126
    static let notFound: Int32 = 127

    /// The status for several devices: a denial counts most, then a refusal, then a missing answer. None is lost.
    static func worse(_ one: Int32, _ other: Int32) -> Int32 {
        let order = [failed, denied, refused, noAnswer, usage]
        return order.first { $0 == one || $0 == other } ?? done
    }

    /// The table for --help and the man pages.
    static let table = [
        ("0", "it is done; every device is allowed"),
        ("1", "a device is denied, or a limit is passed, or the question was answered with no"),
        ("2", "wrong use; nothing was changed, and nothing sent but a request for the list with --prefix"),
        ("3", "there is no answer: the authority is out of reach, too slow, or sends no answer"),
        ("4", "the authority refused the request: unknown key, unknown device, the plan's limit"),
        ("5", "machineid itself failed, for example because its output cannot be written"),
    ]
}
