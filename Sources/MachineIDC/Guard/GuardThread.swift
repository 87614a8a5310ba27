internal import CPlatform

/// The thread that checks all guards of a client, with at most `max_connections` checks in progress.
///
/// It starts with the first guard, and ends with the last one, when the client is cancelled, or at exit.
struct GuardThread: ~Copyable {
    /// What the thread does next.
    private enum Action {
        case quit
        /// Make a check.
        case startCheck(GuardCheckPlan)
        /// Record a time-out for a check that took too long, or whose connection another check needs, and cancel it.
        case timeOut(GuardCheck)
        /// Cancel a check whose guard is not live any more.
        case cancel(GuardCheck)
        case wait(MonotonicTime)
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
        group = try TransferGroup(isOfHost: false)
        self.underWay = underWay
        self.client = client
        self.guards = guards
        client.retain()
        guards.transport.open(group)
    }

    deinit {
        cancelAll()
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
            switch nextAction() {
            case .quit: return
            case .startCheck(let plan): startCheck(plan)
            case .timeOut(let check): timeOut(check)
            case .cancel(let check): cancel(check)
            case .wait(let deadline):
                let result = transport.next(in: group, until: deadline, client.shared.pointee.settings)
                if case .ended(let transfer) = result { finish(transfer) }
            }
        }
    }

    /// Chooses the next action. It looks through the few checks in progress, but never through all guards.
    private func nextAction() -> Action {
        transport.lock()
        defer { transport.unlock() }
        if guards.stopThreadIfIdle() { return .quit }
        let now = MonotonicTime.now
        if let check = checks.pointee.first(where: { $0.plan.deadline <= now }) { return .timeOut(check) }
        if let check = checks.pointee.first(where: { !$0.plan.deviceGuard.isLive }) { return .cancel(check) }
        let next = guards.locked.pointee.live.first
        guard let (deviceGuard, due) = next, due <= now else {
            return .wait(earliestMoment(before: next?.due ?? .never) { $0.deadline })
        }
        if mayBegin(deviceGuard), checks.pointee.count < client.shared.pointee.settings.maxConnections {
            return .startCheck(GuardCheckPlan(for: deviceGuard, timeout: client.shared.pointee.settings.timeout))
        }
        if let check = mostOverdueCheck(of: deviceGuard, now) { return .timeOut(check) }
        return .wait(earliestMoment(before: .never) { $0.secondCheckAt })
    }

    /// Whether a check of this guard may begin. A guard has at most two checks in progress, and a second one only while
    /// the calls inside use no more than the `reserved` connections: the others are for other threads. (`callCount`
    /// counts the group as a call too.) Requires the lock.
    private func mayBegin(_ due: Guard) -> Bool {
        switch due.locked.pointee.underWay {
        case 0: true
        case 1: transport.callCount <= transport.shared.pointee.shards.reserved
        default: false
        }
    }

    /// Starts a check.
    private func startCheck(_ plan: GuardCheckPlan) {
        do throws(Failure) {
            let check = try GuardCheck(plan, on: transport, client.shared.pointee.settings)
            checks.pointee.append(check)
            check.start(in: group)
        } catch {
            settle(plan, error)
            endCheck(of: plan.deviceGuard)
        }
    }

    /// Handles a transfer that has ended: repeats it, or records the result of its check.
    private func finish(_ transfer: Transfer) {
        guard let check = checks.pointee.first(where: { $0.shared.pointee.lease.holds(transfer) }),
            let attempt = check.shared.pointee.lease.attemptResult
        else { return }
        let plan = check.plan
        if let pause = check.shared.pointee.schedule.next(after: attempt, before: plan.deadline) {
            check.shared.pointee.lease.countAttempt(after: pause)
            return check.start(in: group)
        }
        do throws(Failure) {
            let answer = try check.shared.pointee.lease.read(
                .validate, device: plan.deviceGuard.shared.pointee.device.pointer, attempt, at: .now,
                client.shared.pointee.settings)
            let reply = check.shared.pointee.lease.takeReply()
            if answer.status == .ok {
                settle(plan, isAllowed: answer.isAllowed, reply, sentAt: check.shared.pointee.sentAt)
                // An older check of the same guard that is still without an answer has no further use.
                checks.pointee.forEach { if $0.plan.isOlder(than: plan) { cancel($0) } }
            } else {
                settle(plan, answer.status, retryAfter: attempt.retryAfter, reply)
            }
        } catch {
            settle(plan, retryAfter: attempt.retryAfter, error)
        }
        cancel(check)
    }

    /// Records a time-out for a check, and cancels it.
    @inline(never)
    private func timeOut(_ check: GuardCheck) {
        settle(check.plan, Failure(.timeout, "no answer to the guard's check within its time limit"))
        cancel(check)
    }

    /// Cancels all checks.
    func cancelAll() {
        while let check = checks.pointee.first { cancel(check) }
    }

    /// Removes a check from the list, cancels its request if it is still in progress, and frees it.
    @inline(never)
    private func cancel(_ check: GuardCheck) {
        checks.pointee.remove(check)
        let deviceGuard = check.plan.deviceGuard
        check.destroy()
        endCheck(of: deviceGuard)
    }

    /// Counts a check of the guard as ended, and releases the check's reference.
    private func endCheck(of deviceGuard: Guard) {
        transport.lock()
        deviceGuard.locked.pointee.underWay &-= 1
        transport.unlock()
        deviceGuard.release()
    }

    /// The earliest `moment` of the checks in progress, or `other` when that is earlier.
    private func earliestMoment(
        before other: MonotonicTime, _ moment: (GuardCheckPlan) -> MonotonicTime
    ) -> MonotonicTime {
        var first = other
        checks.pointee.forEach { first = min(first, moment($0.plan)) }
        return first
    }

    /// The check that is overdue for longest: one of this guard's, or any guard's when this one has none in progress.
    private func mostOverdueCheck(of deviceGuard: Guard, _ now: MonotonicTime) -> GuardCheck? {
        let isAny = deviceGuard.locked.pointee.underWay == 0
        var (found, earliest): (GuardCheck?, MonotonicTime) = (nil, now)
        checks.pointee.forEach { check in
            let plan = check.plan
            guard plan.secondCheckAt <= earliest, isAny || plan.deviceGuard == deviceGuard else { return }
            (found, earliest) = (check, plan.secondCheckAt)
        }
        return found
    }
}

// Recording the result of a check.
extension GuardThread {
    /// Records a decision, and sets when the guard is due next.
    ///
    /// - Parameter reply: malloc'd; this function takes ownership.
    private func settle(
        _ plan: GuardCheckPlan, isAllowed: Bool, _ reply: UnsafeMutablePointer<CChar>?, sentAt: BootTime
    ) {
        count(plan, .ok)
        transport.lock()
        let deviceGuard = plan.deviceGuard
        deviceGuard.accept(isAllowed: isAllowed, reply, sentAt: sentAt)
        let next = plan.began.advanced(milliseconds: deviceGuard.locked.pointee.schedule.afterDecision())
        deviceGuard.locked.pointee.notBefore = plan.began
        if plan.isLast { deviceGuard.setDue(next, alignment: deviceGuard.locked.pointee.schedule.alignment) }
        transport.unlock()
    }

    /// Records that a check brought no decision, and sets when the guard is due next.
    ///
    /// - Parameter text: the reason, a text for `Failure.freeJSON`; this function takes ownership.
    private func settle(
        _ plan: GuardCheckPlan, _ status: Status, retryAfter: Int, _ text: UnsafeMutablePointer<CChar>?
    ) {
        count(plan, status)
        transport.lock()
        let deviceGuard = plan.deviceGuard
        deviceGuard.fail(text)
        let pause = deviceGuard.locked.pointee.schedule.afterFailure(retryAfter: retryAfter)
        // The pause counts from the start of the check, so that a slow failure needs no further pause. What the
        // authority asks for counts from now.
        let next = (retryAfter > 0 ? MonotonicTime.now : plan.began).advanced(milliseconds: pause)
        if retryAfter > 0 { deviceGuard.locked.pointee.notBefore = next }
        // When a later check is already in progress, its result will set the due time.
        let due = plan.isLast ? next : deviceGuard.due ?? next
        deviceGuard.setDue(max(due, deviceGuard.locked.pointee.notBefore))
        transport.unlock()
    }

    /// The same for a failure of this library. Frees its message.
    @inline(never)
    private func settle(_ plan: GuardCheckPlan, retryAfter: Int = 0, _ failure: Failure) {
        let text = failure.json().text
        failure.message.destroy()
        settle(plan, failure.status, retryAfter: retryAfter, text)
    }

    /// Counts a check that has a result.
    private func count(_ plan: GuardCheckPlan, _ status: Status) {
        client.statistics.count(.guardCheck, status.rawValue, since: plan.began)
    }
}
