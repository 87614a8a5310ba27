internal import CPlatform

/// The one thread that checks all guards of a client, as many at a time as the transport has connections.
///
/// It comes with the first guard and goes with the last, or when the client is cancelled, or at exit.
struct GuardThread: ~Copyable {
    private enum Step {
        case quit
        case ask(GuardQuestion)
        /// It took too long, or another one needs the room.
        case giveUp(GuardCheck)
        /// Its guard is no more.
        case drop(GuardCheck)
        case wait(Deadline)
    }

    let client: Client
    let transport: Transport
    let group: TransferGroup
    /// Of other threads of the process: see `GuardRegistry`.
    var next: UnsafeMutablePointer<GuardThread>?
    /// The client's thread before this one, for this one to join.
    var predecessor: pthread_t?
    private let underWay: Box<LinkedList<GuardCheck>>

    init(_ client: Client, _ transport: Transport) throws(Failure) {
        let underWay = try Box(LinkedList<GuardCheck>())
        group = try TransferGroup()
        self.underWay = underWay
        self.client = client
        self.transport = transport
        client.retain()
        transport.open(group)
    }

    deinit {
        dropAll()
        transport.close(group)
        group.destroy()
        client.release()
    }

    private var checks: UnsafeMutablePointer<LinkedList<GuardCheck>> { underWay.pointer }

    /// The life of the thread.
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

    /// Looks through the checks that are under way, of which there are few, but never through the guards.
    private func nextStep() -> Step {
        transport.lock()
        defer { transport.unlock() }
        if transport.threadQuits() { return .quit }
        let now = Deadline.now
        if let check = checks.pointee.first(where: { $0.question.deadline <= now }) { return .giveUp(check) }
        if let check = checks.pointee.first(where: { !$0.question.guarded.isLive }) { return .drop(check) }
        let (next, longest) = (transport.guards.pointee.live.first, now.advanced(milliseconds: 3_600_000))
        guard let (guarded, due) = next, due <= now else {
            return .wait(firstMoment(before: next?.due ?? longest) { $0.deadline })
        }
        if mayBegin(guarded), checks.pointee.count < client.state.pointee.settings.maxConnections {
            return .ask(GuardQuestion(to: guarded, timeout: client.state.pointee.settings.timeout))
        }
        if let check = lateCheck(of: guarded, now) { return .giveUp(check) }
        return .wait(firstMoment(before: longest) { $0.late })
    }

    /// Beside another check only one more, and none with the connections that are for other threads. (The group counts as a
    /// call as well.)
    private func mayBegin(_ due: Guard) -> Bool {
        switch due.knowledge.pointee.underWay {
        case 0: true
        case 1: transport.load <= transport.shared.pointee.shards.kept
        default: false
        }
    }

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
                // What has not been answered by now is worth no more than this.
                checks.pointee.forEach { if $0.question.isOlder(than: question) { drop($0) } }
            } else {
                settle(question, retryAfter: attempt.retryAfter, reply)
            }
        } catch {
            settle(question, retryAfter: attempt.retryAfter, error)
        }
        drop(check)
    }

    @inline(never)
    private func giveUp(_ check: GuardCheck) {
        settle(check.question, Failure(.timeout, "no answer to the guard's check in the time it is given"))
        drop(check)
    }

    /// Gives up all checks.
    func dropAll() {
        while let check = checks.pointee.first { drop(check) }
    }

    @inline(never)
    private func drop(_ check: GuardCheck) {
        checks.pointee.remove(check)
        let guarded = check.question.guarded
        check.destroy()
        leave(guarded)
    }

    private func leave(_ guarded: Guard) {
        transport.lock()
        guarded.knowledge.pointee.underWay &-= 1
        transport.unlock()
        guarded.release()
    }

    private func firstMoment(before other: Deadline, _ moment: (GuardQuestion) -> Deadline) -> Deadline {
        var first = other
        checks.pointee.forEach { first = min(first, moment($0.question)) }
        return first
    }

    /// The one that is late for longest: of the guard, or of any where this one has none.
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

// What a check came to.
extension GuardThread {
    private func settle(_ question: GuardQuestion, isAllow: Bool, _ reply: UnsafeMutablePointer<CChar>?, askedAt: Int64) {
        transport.lock()
        let guarded = question.guarded
        guarded.accept(isAllow: isAllow, reply, askedAt: askedAt)
        let next = question.began.advanced(milliseconds: guarded.knowledge.pointee.schedule.afterDecision())
        guarded.knowledge.pointee.notBefore = question.began
        if question.isLast { guarded.setDue(next, step: guarded.knowledge.pointee.schedule.step) }
        transport.unlock()
    }

    private func settle(_ question: GuardQuestion, retryAfter: Int, _ text: UnsafeMutablePointer<CChar>?) {
        transport.lock()
        let guarded = question.guarded
        guarded.fail(text)
        let pause = guarded.knowledge.pointee.schedule.afterFailure(retryAfter: retryAfter)
        // What took long has paused already; what the authority asks for counts from now.
        let next = (retryAfter > 0 ? Deadline.now : question.began).advanced(milliseconds: pause)
        if retryAfter > 0 { guarded.knowledge.pointee.notBefore = next }
        // Where there is another one already, what that comes to says when the next is due.
        let due = question.isLast ? next : guarded.due ?? next
        guarded.setDue(max(due, guarded.knowledge.pointee.notBefore))
        transport.unlock()
    }

    @inline(never)
    private func settle(_ question: GuardQuestion, retryAfter: Int = 0, _ failure: Failure) {
        let text = failure.json().text
        failure.message.discard()
        settle(question, retryAfter: retryAfter, text)
    }
}
