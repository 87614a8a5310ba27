internal import CPlatform

/// The thread that checks all guards of a client, with at most `max_connections` checks in progress.
///
/// It starts with the first guard, and ends with the last one, when the client is cancelled, or at exit.
struct GuardThread: ~Copyable {
    /// What the thread does next.
    private enum Step {
        case quit
        /// Make a check.
        case ask(GuardQuestion)
        /// Cancel a check that took too long, or whose connection another check needs.
        case giveUp(GuardCheck)
        /// Cancel a check whose guard is not live any more.
        case drop(GuardCheck)
        case wait(Deadline)
    }

    /// The thread holds a reference to the client.
    let client: Client
    let guards: Guards
    /// The transfers of all checks in progress.
    let group: TransferGroup
    /// The next thread of the process: see `GuardRegistry`.
    var next: UnsafeMutablePointer<GuardThread>?
    /// The client's previous guard thread, which this one joins.
    var predecessor: UInt?
    /// The storage of `checks`.
    private let underWay: Box<LinkedList<GuardCheck>>

    /// Opens a group on the transport. The thread itself is started by `Guards.add`.
    init(_ client: Client, _ guards: Guards) throws(Failure) {
        let underWay = try Box(LinkedList<GuardCheck>())
        group = try TransferGroup()
        self.underWay = underWay
        self.client = client
        self.guards = guards
        client.retain()
        guards.transport.open(group)
    }

    deinit {
        dropAll()
        transport.close(group)
        group.destroy()
        client.release()
    }

    var transport: Transport { guards.transport }

    /// The checks in progress. Only the guard thread uses them.
    private var checks: UnsafeMutablePointer<LinkedList<GuardCheck>> { underWay.pointer }

    /// The loop of the thread. Returns when the thread is to end.
    func run() {
        while true {
            switch nextStep() {
            case .quit: return
            case .ask(let question): ask(question)
            case .giveUp(let check): giveUp(check)
            case .drop(let check): drop(check)
            case .wait(let deadline):
                let turn = transport.next(in: group, until: deadline, client.state.pointee.settings)
                if case .ended(let transfer) = turn { finish(transfer) }
            }
        }
    }

    /// Chooses the next step. It looks through the few checks in progress, but never through all guards.
    private func nextStep() -> Step {
        transport.lock()
        defer { transport.unlock() }
        if guards.threadQuits() { return .quit }
        let now = Deadline.now
        if let check = checks.pointee.first(where: { $0.question.deadline <= now }) { return .giveUp(check) }
        if let check = checks.pointee.first(where: { !$0.question.guarded.isLive }) { return .drop(check) }
        let (next, longest) = (guards.locked.pointee.live.first, now.advanced(milliseconds: 3_600_000))
        guard let (guarded, due) = next, due <= now else {
            return .wait(firstMoment(before: next?.due ?? longest) { $0.deadline })
        }
        if mayBegin(guarded), checks.pointee.count < client.state.pointee.settings.maxConnections {
            return .ask(GuardQuestion(to: guarded, timeout: client.state.pointee.settings.timeout))
        }
        if let check = lateCheck(of: guarded, now) { return .giveUp(check) }
        return .wait(firstMoment(before: longest) { $0.late })
    }

    /// Whether a check of this guard may begin. A guard has at most two checks in progress, and a second one only while
    /// the calls inside use no more than the `kept` connections: the others are for other threads. (`load` counts the
    /// group as a call too.) Requires the lock.
    private func mayBegin(_ due: Guard) -> Bool {
        switch due.knowledge.pointee.underWay {
        case 0: true
        case 1: transport.load <= transport.shared.pointee.shards.kept
        default: false
        }
    }

    /// Starts a check.
    private func ask(_ question: GuardQuestion) {
        do throws(Failure) {
            let check = try GuardCheck(question, on: transport, client.state.pointee.settings)
            checks.pointee.append(check)
            check.start(in: group)
        } catch {
            settle(question, error)
            leave(question.guarded)
        }
    }

    /// Handles a transfer that has ended: repeats it, or records the result of its check.
    private func finish(_ transfer: Transfer) {
        guard let check = checks.pointee.first(where: { $0.shared.pointee.call.isMade(of: transfer) }),
            let attempt = check.shared.pointee.call.ended
        else { return }
        let question = check.question
        if check.shared.pointee.schedule.next(after: attempt, before: question.deadline) != nil {
            return check.start(in: group)
        }
        do throws(Failure) {
            let answer = try check.shared.pointee.call.read(
                .validate, device: question.guarded.shared.pointee.device.pointer, attempt, client.state.pointee.settings)
            let reply = check.shared.pointee.call.takeReply()
            if answer.status == .ok {
                settle(question, isAllow: answer.isAllow, reply, askedAt: check.shared.pointee.askedAt)
                // An older check of the same guard that is still without an answer has no further use.
                checks.pointee.forEach { if $0.question.isOlder(than: question) { drop($0) } }
            } else {
                settle(question, retryAfter: attempt.retryAfter, reply)
            }
        } catch {
            settle(question, retryAfter: attempt.retryAfter, error)
        }
        drop(check)
    }

    /// Records a time-out for a check, and cancels it.
    @inline(never)
    private func giveUp(_ check: GuardCheck) {
        settle(check.question, Failure(.timeout, "no answer to the guard's check within its time limit"))
        drop(check)
    }

    /// Cancels all checks.
    func dropAll() {
        while let check = checks.pointee.first { drop(check) }
    }

    /// Removes a check from the list, cancels its request and frees it.
    @inline(never)
    private func drop(_ check: GuardCheck) {
        checks.pointee.remove(check)
        let guarded = check.question.guarded
        check.destroy()
        leave(guarded)
    }

    /// Counts a check of the guard as finished, and releases the check's reference.
    private func leave(_ guarded: Guard) {
        transport.lock()
        guarded.knowledge.pointee.underWay &-= 1
        transport.unlock()
        guarded.release()
    }

    /// The earliest `moment` of the checks in progress, or `other` when that is earlier.
    private func firstMoment(before other: Deadline, _ moment: (GuardQuestion) -> Deadline) -> Deadline {
        var first = other
        checks.pointee.forEach { first = min(first, moment($0.question)) }
        return first
    }

    /// The check that is overdue for longest: one of this guard's, or any guard's when this one has none in progress.
    private func lateCheck(of guarded: Guard, _ now: Deadline) -> GuardCheck? {
        let isAny = guarded.knowledge.pointee.underWay == 0
        var (found, earliest): (GuardCheck?, Deadline) = (nil, now)
        checks.pointee.forEach { check in
            let question = check.question
            guard question.late <= earliest, isAny || question.guarded == guarded else { return }
            (found, earliest) = (check, question.late)
        }
        return found
    }
}

// Recording the result of a check.
extension GuardThread {
    /// Records a decision, and sets when the guard is due next.
    ///
    /// - Parameter reply: malloc'd; this function takes ownership.
    private func settle(_ question: GuardQuestion, isAllow: Bool, _ reply: UnsafeMutablePointer<CChar>?, askedAt: Int64) {
        transport.lock()
        let guarded = question.guarded
        guarded.accept(isAllow: isAllow, reply, askedAt: askedAt)
        let next = question.began.advanced(milliseconds: guarded.knowledge.pointee.schedule.afterDecision())
        guarded.knowledge.pointee.notBefore = question.began
        if question.isLast { guarded.setDue(next, step: guarded.knowledge.pointee.schedule.step) }
        transport.unlock()
    }

    /// Records that a check brought no decision, and sets when the guard is due next.
    ///
    /// - Parameter text: the reason, a text for `Failure.freeJSON`; this function takes ownership.
    private func settle(_ question: GuardQuestion, retryAfter: Int, _ text: UnsafeMutablePointer<CChar>?) {
        transport.lock()
        let guarded = question.guarded
        guarded.fail(text)
        let pause = guarded.knowledge.pointee.schedule.afterFailure(retryAfter: retryAfter)
        // The pause counts from the start of the check, so that a slow failure needs no further pause. What the
        // authority asks for counts from now.
        let next = (retryAfter > 0 ? Deadline.now : question.began).advanced(milliseconds: pause)
        if retryAfter > 0 { guarded.knowledge.pointee.notBefore = next }
        // When a later check is already in progress, its result will set the due time.
        let due = question.isLast ? next : guarded.due ?? next
        guarded.setDue(max(due, guarded.knowledge.pointee.notBefore))
        transport.unlock()
    }

    /// The same for a failure of this library. Frees its message.
    @inline(never)
    private func settle(_ question: GuardQuestion, retryAfter: Int = 0, _ failure: Failure) {
        let text = failure.json().text
        failure.message.discard()
        settle(question, retryAfter: retryAfter, text)
    }
}
