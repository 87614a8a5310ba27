/// The failures of many devices. Where they all fail for the same reason, as in an outage, a person reads one line and
/// not one for each.
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

    /// Says what has not been said yet.
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
