/// What one of the doctor's checks found.
struct Finding {
    enum Verdict {
        case ok
        /// It works, but something deserves a look.
        case note
        case bad
        /// Not checked, because an earlier check is bad or there is nothing to check.
        case skipped

        // A raw value would be compared as a String, which needs Unicode's tables.
        var word: String {
            switch self {
            case .ok: "ok"
            case .note: "note"
            case .bad: "bad"
            case .skipped: "skipped"
            }
        }
    }

    let check: String
    let verdict: Verdict
    /// What was found, and after a fault what to do.
    let message: String
    /// The exit status, if it is bad.
    let exit: Int32

    private init(check: String, verdict: Verdict, message: String, exit: Int32 = ExitStatus.done) {
        self.check = check
        self.verdict = verdict
        self.message = Secrecy.hidingKeys(message)
        self.exit = exit
    }

    static func ok(_ check: String, _ message: String) -> Finding {
        Finding(check: check, verdict: .ok, message: message)
    }

    static func note(_ check: String, _ message: String) -> Finding {
        Finding(check: check, verdict: .note, message: message)
    }

    static func skipped(_ check: String, _ message: String) -> Finding {
        Finding(check: check, verdict: .skipped, message: message)
    }

    static func bad(_ check: String, _ message: String, exit: Int32) -> Finding {
        Finding(check: check, verdict: .bad, message: message, exit: exit)
    }

    func say(to console: Console) {
        if console.isJSON {
            let object = JSON.object()
            object.set("check", check)
            object.set("verdict", verdict.word)
            object.set("message", message)
            console.say(object.line)
        } else if console.isTerminal {
            let colour: Colour =
                switch verdict {
                case .ok: .green
                case .note: .yellow
                case .bad: .red
                case .skipped: .none
                }
            let word = console.coloured(verdict.word.padded(to: 7), colour)
            let text = message.withoutControls.hanging(at: 23, in: console.columns)
            console.say("\(word)  \(check.padded(to: 12))  \(text)")
        } else {
            console.say([verdict.word, check, message.withoutControls].joined(by: "\t"))
        }
        console.flush()
    }
}
