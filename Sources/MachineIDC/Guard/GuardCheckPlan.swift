/// A check of a guard: which guard, which of its checks, and how long it may take.
struct GuardCheckPlan {
    let deviceGuard: Guard
    /// When the check began.
    let began: MonotonicTime
    /// From this moment on, a second check may run beside this one or take its place.
    let secondCheckAt: MonotonicTime
    /// When the check is cancelled for lack of an answer.
    let deadline: MonotonicTime
    /// The number of the check among all of this guard's.
    private let number: Int

    /// Counts one more check in progress, which holds a reference to the guard, and sets when the guard is due next.
    /// Requires the lock.
    ///
    /// - Parameter timeout: the client's `timeout_ms`.
    init(for deviceGuard: Guard, timeout: Int) {
        deviceGuard.locked.pointee.underWay &+= 1
        deviceGuard.locked.pointee.references &+= 1
        deviceGuard.locked.pointee.checks &+= 1
        self.deviceGuard = deviceGuard
        number = deviceGuard.locked.pointee.checks
        began = .now
        let (schedule, maxAge) = (deviceGuard.locked.pointee.schedule, deviceGuard.shared.pointee.maxAge)
        let limit = schedule.limit(maxAge: maxAge, timeout: timeout)
        let patience = schedule.patience(whileOn: deviceGuard.isAllowed, maxAge: maxAge, timeout: timeout)
        secondCheckAt = began.advanced(milliseconds: patience ?? limit)
        deadline = began.advanced(milliseconds: limit)
        // Where no second check is to run beside it, the next one is due when this one has a result.
        deviceGuard.setDue(patience == nil ? .never : secondCheckAt)
    }

    /// Whether the guard has made no later check. Requires the lock.
    var isLast: Bool { number == deviceGuard.locked.pointee.checks }

    /// Whether both are checks of the same guard, and this one began first.
    func isOlder(than other: GuardCheckPlan) -> Bool { deviceGuard == other.deviceGuard && number < other.number }
}
