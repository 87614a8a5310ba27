/// The failures of many devices. Where devices fail one after the other for the same reason, as in an outage, a person
/// gets one line for all of them.
struct Failures {
    private var first: Failure?
    private var count = 0

    mutating func add(_ failure: Failure, to console: Console) {
        if console.isJSON { return console.fail(failure) }
        if let first, first.code.isSame(as: failure.code), first.message.isSame(as: failure.message) {
            count += 1
            return
        }
        report(to: console)
        first = failure
        count = 1
    }

    /// Prints what has not been printed yet.
    mutating func report(to console: Console) {
        guard var failure = first else { return }
        if count > 1, let device = failure.device {
            failure.device = "\(device) and \(count - 1) more"
            failure.requestID = nil
        }
        console.fail(failure)
        first = nil
        count = 0
    }
}
