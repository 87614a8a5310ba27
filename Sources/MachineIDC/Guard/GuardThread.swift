internal import CPlatform

/// The one thread that checks all guards of a client, as many at a time as the transport has connections.
///
/// It comes with the first guard and goes with the last, or when the client is cancelled, or at exit.
struct GuardThread: ~Copyable {
    /// A check that is under way.
    private struct Check: ~Copyable {
        var call: Call
        var schedule: RetrySchedule
        let question: GuardQuestion
        /// On the clock of ages.
        var askedAt: Int64
    }

    private enum Step {
        case quit
        case check(GuardQuestion)
        /// To make room.
        case giveUp(slot: Int)
        case wait(Deadline)
    }

    let client: Client
    let transport: Transport
    let group: TransferGroup
    /// Of other threads of the process: see `GuardRegistry`.
    var next: UnsafeMutablePointer<GuardThread>?
    /// The client's thread before this one, for this one to join.
    var predecessor: pthread_t?
    private let width: Int
    /// NULL where none is under way.
    private let checks: UnsafeMutablePointer<UnsafeMutablePointer<Check>?>

    init(_ client: Client, _ transport: Transport) throws(Failure) {
        let width = client.state.pointee.settings.maxConnections
        let group = try TransferGroup()
        guard let memory = calloc(width, MemoryLayout<UnsafeMutablePointer<Check>?>.stride) else {
            group.destroy()
            throw .outOfMemory
        }
        checks = memory.assumingMemoryBound(to: UnsafeMutablePointer<Check>?.self)
        self.client = client
        self.transport = transport
        self.group = group
        self.width = width
        client.retain()
        transport.open(group)
    }

    deinit {
        dropAll()
        free(checks)
        transport.close(group)
        group.destroy()
        client.release()
    }

    /// The life of the thread.
    func run() {
        while true {
            switch nextStep() {
            case .quit: return
            case .check(let question): begin(question)
            case .giveUp(let slot): giveUp(slot)
            case .wait(let deadline):
                let turn = transport.next(in: group, until: deadline, client.state.pointee.settings)
                if case .ended(let transfer) = turn { finish(transfer) }
                dropOverdue()
            }
        }
    }

    /// Looks through all guards each time: a thousand take some ten microseconds.
    private func nextStep() -> Step {
        transport.lock()
        defer { transport.unlock() }
        if transport.threadQuits() { return .quit }
        var earliest = Deadline.after(milliseconds: 3_600_000)
        var due: Guard?
        transport.guards.pointee.live.forEach { one in
            guard one.knowledge.pointee.due < earliest else { return }
            earliest = one.knowledge.pointee.due
            due = one
        }
        guard let due, earliest.hasPassed else { return .wait(firstMoment(before: earliest) { $0.deadline }) }
        if mayBegin(due), hasFreeSlot { return .check(GuardQuestion(to: due, timeout: client.state.pointee.settings.timeout)) }
        if let slot = lateCheck(of: due) { return .giveUp(slot: slot) }
        return .wait(firstMoment(before: .after(milliseconds: 3_600_000)) { $0.late })
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

    private func begin(_ question: GuardQuestion) {
        do throws(Failure) {
            let call = try Call(on: transport, client.state.pointee.settings)
            let body = try DeviceID(question.guarded.shared.pointee.device.pointer).requestBody()
            try call.prepare(.validate, client.state.pointee.settings, body: body)
            let check = try allocate(
                Check(
                    call: call, schedule: RetrySchedule(withoutRetries: client.state.pointee.settings),
                    question: question, askedAt: Clock.ofAges))
            var slot = 0
            while checks[slot] != nil { slot &+= 1 }
            checks[slot] = check
            check.pointee.call.start(in: group)
        } catch {
            settle(question, error)
            leave(question.guarded)
        }
    }

    private func finish(_ transfer: Transfer) {
        var slot = 0
        while slot < width, !(checks[slot]?.pointee.call.isMade(of: transfer) ?? false) { slot &+= 1 }
        guard slot < width, let check = checks[slot], let attempt = check.pointee.call.ended else { return }
        let question = check.pointee.question
        if check.pointee.schedule.next(after: attempt, before: question.deadline) != nil {
            check.pointee.askedAt = Clock.ofAges
            check.pointee.call.start(in: group)
            return
        }
        do throws(Failure) {
            let answer = try check.pointee.call.read(
                .validate, device: question.guarded.shared.pointee.device.pointer, attempt, client.state.pointee.settings)
            let reply = check.pointee.call.takeReply()
            if answer.status == .ok {
                settle(question, isAllow: answer.isAllow, reply, askedAt: check.pointee.askedAt)
                // What has not been answered by now is worth no more than this.
                for other in Indices(width) where checks[other]?.pointee.question.isOlder(than: question) ?? false {
                    drop(other)
                }
            } else {
                settle(question, retryAfter: attempt.retryAfter, reply)
            }
        } catch {
            settle(question, retryAfter: attempt.retryAfter, error)
        }
        drop(slot)
    }

    /// Gives up the checks that took too long, and those of guards that are no more.
    private func dropOverdue() {
        for slot in Indices(width) {
            guard let question = checks[slot]?.pointee.question else { continue }
            if question.deadline.hasPassed {
                giveUp(slot)
            } else if !isLive(question.guarded) {
                drop(slot)
            }
        }
    }

    @inline(never)
    private func giveUp(_ slot: Int) {
        guard let question = checks[slot]?.pointee.question else { return }
        settle(question, Failure(.timeout, "no answer to the guard's check in the time it is given"))
        drop(slot)
    }

    /// Gives up all checks.
    func dropAll() {
        for slot in Indices(width) { drop(slot) }
    }

    @inline(never)
    private func drop(_ slot: Int) {
        guard let check = checks[slot] else { return }
        checks[slot] = nil
        let guarded = check.pointee.question.guarded
        check.pointee.call.giveUp()
        deallocate(check)
        leave(guarded)
    }

    private func leave(_ guarded: Guard) {
        transport.lock()
        guarded.knowledge.pointee.underWay &-= 1
        transport.unlock()
        guarded.release()
    }

    private var hasFreeSlot: Bool {
        for slot in Indices(width) where checks[slot] == nil { return true }
        return false
    }

    private func firstMoment(before other: Deadline, _ moment: (GuardQuestion) -> Deadline) -> Deadline {
        var first = other
        for slot in Indices(width) {
            if let check = checks[slot] { first = min(first, moment(check.pointee.question)) }
        }
        return first
    }

    /// The one that is late for longest: of the guard, or of any where this one has none.
    private func lateCheck(of guarded: Guard) -> Int? {
        let isAny = guarded.knowledge.pointee.underWay == 0
        var found: Int?
        var earliest = Deadline.now
        for slot in Indices(width) {
            guard let question = checks[slot]?.pointee.question, question.late <= earliest else { continue }
            if isAny || question.guarded == guarded { (found, earliest) = (slot, question.late) }
        }
        return found
    }
}

// What a check came to.
extension GuardThread {
    private func isLive(_ guarded: Guard) -> Bool {
        transport.lock()
        defer { transport.unlock() }
        return guarded.knowledge.pointee.state == .live
    }

    private func settle(_ question: GuardQuestion, isAllow: Bool, _ reply: UnsafeMutablePointer<CChar>?, askedAt: Int64) {
        transport.lock()
        let guarded = question.guarded
        guarded.accept(isAllow: isAllow, reply, askedAt: askedAt)
        let pause = guarded.knowledge.pointee.schedule.afterDecision()
        guarded.knowledge.pointee.notBefore = question.began
        if question.isLast { guarded.knowledge.pointee.due = question.began.advanced(milliseconds: pause) }
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
        let due = question.isLast ? next : guarded.knowledge.pointee.due
        guarded.knowledge.pointee.due = max(due, guarded.knowledge.pointee.notBefore)
        transport.unlock()
    }

    @inline(never)
    private func settle(_ question: GuardQuestion, retryAfter: Int = 0, _ failure: Failure) {
        let text = failure.json().text
        failure.message.discard()
        settle(question, retryAfter: retryAfter, text)
    }
}
