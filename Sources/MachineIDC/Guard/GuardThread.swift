internal import CPlatform

/// The one thread that checks all guards of a client, as many at a time as the transport has connections.
///
/// It comes with the first guard and goes with the last, or when the client is cancelled, or at exit.
struct GuardThread: ~Copyable {
    /// A check that is under way.
    private struct Check: ~Copyable {
        var call: Call
        let guarded: Guard
        var schedule: RetrySchedule
        let began: Deadline
        let deadline: Deadline
        /// On the clock of ages.
        var askedAt: Int64
    }

    private enum Step {
        case quit
        /// Milliseconds.
        case check(Guard, limit: Int)
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
            case .check(let guarded, let limit): begin(guarded, limit: limit)
            case .wait(let deadline):
                if case .ended(let transfer) = transport.next(in: group, until: deadline) { finish(transfer) }
                dropOverdue()
            }
        }
    }

    /// Looks through all guards each time: a few thousand are a matter of microseconds.
    private func nextStep() -> Step {
        transport.lock()
        defer { transport.unlock() }
        if transport.threadQuits() { return .quit }
        var earliest = Deadline.after(milliseconds: 3_600_000)
        var due: Guard?
        transport.guards.pointee.live.forEach { one in
            guard !one.knowledge.pointee.isChecking, one.knowledge.pointee.due < earliest else { return }
            earliest = one.knowledge.pointee.due
            due = one
        }
        guard hasFreeSlot else { return .wait(earliestEnd(before: .after(milliseconds: 3_600_000))) }
        guard let due, earliest.hasPassed else { return .wait(earliestEnd(before: earliest)) }
        due.knowledge.pointee.isChecking = true
        due.knowledge.pointee.references &+= 1
        due.knowledge.pointee.checks &+= 1
        let limit = due.knowledge.pointee.schedule.limit(
            whileOn: due.isAllowed, maxAge: due.shared.pointee.maxAge, timeout: client.state.pointee.settings.timeout)
        return .check(due, limit: limit)
    }

    private func begin(_ guarded: Guard, limit: Int) {
        let began = Deadline.now
        do throws(Failure) {
            let call = try Call(on: transport, client.state.pointee.settings)
            let body = try DeviceID(guarded.shared.pointee.device.pointer).requestBody()
            try call.prepare(.validate, client.state.pointee.settings, body: body)
            let check = try allocate(
                Check(
                    call: call, guarded: guarded,
                    schedule: RetrySchedule(withoutRetries: client.state.pointee.settings),
                    began: began, deadline: began.advanced(milliseconds: limit), askedAt: Clock.ofAges))
            var slot = 0
            while checks[slot] != nil { slot &+= 1 }
            checks[slot] = check
            check.pointee.call.start(in: group)
        } catch {
            settle(guarded, began, error)
            guarded.release()
        }
    }

    private func finish(_ transfer: Transfer) {
        var slot = 0
        while slot < width, !(checks[slot]?.pointee.call.isMade(of: transfer) ?? false) { slot &+= 1 }
        guard slot < width, let check = checks[slot], let attempt = check.pointee.call.ended else { return }
        if check.pointee.schedule.next(after: attempt, before: check.pointee.deadline) != nil {
            check.pointee.askedAt = Clock.ofAges
            check.pointee.call.start(in: group)
            return
        }
        let (guarded, began) = (check.pointee.guarded, check.pointee.began)
        do throws(Failure) {
            let answer = try check.pointee.call.read(.validate, attempt)
            let reply = check.pointee.call.takeReply()
            if answer.status == .ok {
                settle(guarded, began, isAllow: answer.isAllow, reply, askedAt: check.pointee.askedAt)
            } else {
                settle(guarded, began, retryAfter: attempt.retryAfter, reply)
            }
        } catch {
            settle(guarded, began, retryAfter: attempt.retryAfter, error)
        }
        drop(slot)
    }

    /// Gives up the checks that took too long, and those of guards that are no more.
    private func dropOverdue() {
        for slot in Indices(width) {
            guard let check = checks[slot] else { continue }
            if check.pointee.deadline.hasPassed {
                settle(
                    check.pointee.guarded, check.pointee.began,
                    Failure(.timeout, "no answer to the guard's check in the time it is given"))
                drop(slot)
            } else if !isLive(check.pointee.guarded) {
                drop(slot)
            }
        }
    }

    /// Gives up all checks.
    func dropAll() {
        for slot in Indices(width) { drop(slot) }
    }

    @inline(never)
    private func drop(_ slot: Int) {
        guard let check = checks[slot] else { return }
        checks[slot] = nil
        let guarded = check.pointee.guarded
        check.pointee.call.giveUp()
        deallocate(check)
        guarded.release()
    }

    private var hasFreeSlot: Bool {
        for slot in Indices(width) where checks[slot] == nil { return true }
        return false
    }

    private func earliestEnd(before other: Deadline) -> Deadline {
        var earliest = other
        for slot in Indices(width) {
            if let check = checks[slot] { earliest = min(earliest, check.pointee.deadline) }
        }
        return earliest
    }
}

// What a check came to.
extension GuardThread {
    private func isLive(_ guarded: Guard) -> Bool {
        transport.lock()
        defer { transport.unlock() }
        return guarded.knowledge.pointee.state == .live
    }

    private func settle(
        _ guarded: Guard, _ began: Deadline, isAllow: Bool, _ reply: UnsafeMutablePointer<CChar>?, askedAt: Int64
    ) {
        transport.lock()
        guarded.knowledge.pointee.isChecking = false
        guarded.accept(isAllow: isAllow, reply, askedAt: askedAt)
        let pause = guarded.knowledge.pointee.schedule.afterDecision()
        guarded.knowledge.pointee.due = began.advanced(milliseconds: pause)
        transport.unlock()
    }

    private func settle(
        _ guarded: Guard, _ began: Deadline, retryAfter: Int, _ text: UnsafeMutablePointer<CChar>?
    ) {
        transport.lock()
        guarded.knowledge.pointee.isChecking = false
        guarded.fail(text)
        // What took long has paused already; what the authority asks for counts from now.
        let pause = guarded.knowledge.pointee.schedule.afterFailure(retryAfter: retryAfter)
        let from = retryAfter > 0 ? Deadline.now : began
        guarded.knowledge.pointee.due = from.advanced(milliseconds: pause)
        transport.unlock()
    }

    @inline(never)
    private func settle(_ guarded: Guard, _ began: Deadline, retryAfter: Int = 0, _ failure: Failure) {
        let text = failure.json().text
        failure.message.discard()
        settle(guarded, began, retryAfter: retryAfter, text)
    }
}
