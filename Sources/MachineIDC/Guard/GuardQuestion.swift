/// A check of a guard: whose, which, and how long it may take.
struct GuardQuestion {
    let guarded: Guard
    let began: Deadline
    /// From when on another one may stand beside it, or take its place.
    let late: Deadline
    /// When it is given up.
    let deadline: Deadline
    private let number: Int

    /// One more check is under way, and holds a reference to the guard. Locked.
    init(to guarded: Guard, timeout: Int) {
        guarded.knowledge.pointee.underWay &+= 1
        guarded.knowledge.pointee.references &+= 1
        guarded.knowledge.pointee.checks &+= 1
        self.guarded = guarded
        number = guarded.knowledge.pointee.checks
        began = .now
        let (schedule, maxAge) = (guarded.knowledge.pointee.schedule, guarded.shared.pointee.maxAge)
        let limit = schedule.limit(maxAge: maxAge, timeout: timeout)
        let patience = schedule.patience(whileOn: guarded.isAllowed, maxAge: maxAge, timeout: timeout)
        late = began.advanced(milliseconds: patience ?? limit)
        deadline = began.advanced(milliseconds: limit)
        // Where none is to stand beside it, the next one is due when this one has come to something.
        guarded.setDue(patience == nil ? deadline.advanced(milliseconds: 3_600_000) : late)
    }

    /// Whether there is none after it. Locked.
    var isLast: Bool { number == guarded.knowledge.pointee.checks }

    func isOlder(than other: GuardQuestion) -> Bool { guarded == other.guarded && number < other.number }
}
