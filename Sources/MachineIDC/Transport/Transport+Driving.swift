internal import CCurl
internal import CPlatform

// How callers drive. Everything here runs with the lock held but for the lines that say otherwise, in `drive`
// and `call`: whatever ends a transfer, or hands over, may let go of it in between.
extension Transport {
    /// How an attempt ended for its caller.
    enum Ending {
        /// libcurl is done with it: see the transfer's `code`.
        case ended
        /// It had come this far.
        case timedOut(Exchange.Progress)
        case cancelled
    }

    /// Takes a transfer through libcurl. When its caller has to leave while another thread is driving, it is abandoned:
    /// `mine` is nil then, and the driver's.
    func run(_ mine: inout Transfer?, until deadline: Deadline, _ settings: borrowing Settings) -> Ending {
        guard let transfer = mine else { return .cancelled }
        lock()
        defer { unlock() }
        enqueue(transfer)
        var ending = Ending.ended
        while transfer.place.pointee.stage != .ended {
            if calls.pointee.areCancelled || deadline.hasPassed {
                ending = calls.pointee.areCancelled ? .cancelled : .timedOut(transfer.exchange.progress)
                if !withdraw(transfer) { mine = nil }
                break
            }
            if calls.pointee.areDriven {
                transfer.shared.pointee.caller.sleep(shared.pointee.lock, until: deadline)
            } else {
                let code = drive(until: deadline, settings) { transfer.place.pointee.stage == .ended }
                if code != CURLE_OK { fail(transfer, code) }
            }
            if isInherited {
                mine = nil
                return .cancelled
            }
        }
        if let mine {
            if case .cutShort = mine.exchange.content.pointee.stop {
                if calls.pointee.areCancelled { ending = .cancelled }
                else if deadline.hasPassed { ending = .timedOut(mine.exchange.progress) }
            }
            calls.pointee.ended.remove(mine)
            mine.place.pointee.stage = .idle
        }
        handOver()
        return ending
    }

    /// Waits until the deadline. False when the client was cancelled first.
    func pause(_ transfer: Transfer, until deadline: Deadline) -> Bool {
        lock()
        defer { unlock() }
        calls.pointee.paused.append(transfer)
        while !calls.pointee.areCancelled, !deadline.hasPassed {
            transfer.shared.pointee.caller.sleep(shared.pointee.lock, until: deadline)
            if isInherited { return false }
        }
        calls.pointee.paused.remove(transfer)
        return !calls.pointee.areCancelled
    }

    func enqueue(_ transfer: Transfer) {
        transfer.place.pointee.stage = .queued
        calls.pointee.queued.append(transfer)
        if calls.pointee.isDriverIdle, hasRoom { shared.pointee.multi.wakeUp() }
    }

    /// Drives everybody's transfers until the caller's part is done, or he has to leave, or finds himself in a forked child.
    /// CURLE_OK unless libcurl itself cannot go on.
    func drive(until deadline: Deadline, _ settings: borrowing Settings, _ isDone: () -> Bool) -> CURLcode {
        calls.pointee.areDriven = true
        defer { calls.pointee.areDriven = false }
        if shared.pointee.multi.isMissing || shared.pointee.multi.sockets.check() {
            renew()
            callEnded()
            if isDone() { return CURLE_OK }
        }
        var areCallersLate = false
        while true {
            takeOn()
            let idleShard = takeIdleShard()
            unlock()
            idleShard?.destroy()
            let performed = shared.pointee.multi.perform(until: deadline)
            lock()
            if isInherited { return CURLE_OK }
            reap()
            if shared.pointee.multi.sockets.isRobbed { renew() }
            if calls.pointee.makesRoom {
                calls.pointee.mostOpen = max(shared.pointee.multi.sockets.countOpen(), calls.pointee.running.count)
            }
            let mustLeave = calls.pointee.areCancelled || deadline.hasPassed
            // Who is called often runs at once: so requests first, or connections would stand idle meanwhile. Once only:
            // groups could go on like that for ever.
            if canTakeOn, !areCallersLate, !mustLeave, performed == CURLE_OK {
                areCallersLate = true
                continue
            }
            areCallersLate = false
            callEnded()
            clearAbandoned()
            if isDone() || mustLeave { return CURLE_OK }
            guard performed == CURLE_OK else { return performed }
            if canTakeOn { continue }
            lookAround(settings)

            let patience = patience(until: deadline)
            calls.pointee.isDriverIdle = true
            unlock()
            let polled = shared.pointee.multi.poll(milliseconds: patience)
            lock()
            if isInherited { return CURLE_OK }
            calls.pointee.isDriverIdle = false
            // Rather than read from what may be the host's by now, and may block.
            if shared.pointee.multi.sockets.checkAlarm() {
                renew()
                continue
            }
            guard polled == CURLE_OK else {
                clearAbandoned()
                return polled
            }
        }
    }

    var hasRoom: Bool { calls.pointee.running.count &- calls.pointee.hedgeCount < calls.pointee.width }

    private var canTakeOn: Bool { hasRoom && calls.pointee.queued.first != nil && lookupWait() == 0 }

    /// How long to wait for something to do.
    private func patience(until deadline: Deadline) -> Int {
        var patience = deadline.remainingMilliseconds
        // Also because libcurl before 8.4 does not say when it wants to go on to a name's next address.
        if calls.pointee.running.first != nil { patience = min(patience, calls.pointee.hedging.interval) }
        if hasRoom, calls.pointee.queued.first != nil { patience = min(patience, max(lookupWait(), 1)) }
        return patience
    }

    /// Moves what was queued into libcurl's hands.
    private func takeOn() {
        if calls.pointee.isWidthNew {
            calls.pointee.isWidthNew = !shared.pointee.multi.limit(to: calls.pointee.width)
        }
        while canTakeOn, let transfer = calls.pointee.queued.removeFirst() {
            calls.pointee.running.append(transfer)
            calls.pointee.mostOpen = max(calls.pointee.mostOpen, calls.pointee.running.count)
            transfer.place.pointee.stage = .running
            if calls.pointee.areCancelled { transfer.exchange.cutShort() }
            let added = shared.pointee.multi.add(transfer)
            if added != CURLE_OK { end(transfer, added) }
        }
    }

    /// Gives transfers that have ended back to their callers.
    private func reap() {
        while let (transfer, code) = shared.pointee.multi.nextEnded() {
            // What was read may have come from what the host has opened since it closed ours.
            if shared.pointee.multi.sockets.checkAlarm() { return }
            if code == CURLE_OPERATION_TIMEDOUT || code == CURLE_ABORTED_BY_CALLBACK { noteLookup(of: transfer) }
            shared.pointee.multi.remove(transfer)
            end(transfer, code)
        }
    }

    private func end(_ transfer: Transfer, _ code: CURLcode) {
        calls.pointee.running.remove(transfer)
        if code != CURLE_OK { transfer.exchange.spendConnection() }
        if transfer.place.pointee.isAbandoned { return discard(transfer) }
        let content = transfer.exchange.content
        // libcurl calls a reply complete whose connection was closed within the head.
        let isCut = code == CURLE_OK && !content.pointee.head.isWhole(withBodyOf: content.pointee.reply.count)
        content.pointee.code = isCut ? CURLE_PARTIAL_FILE : code
        if content.pointee.code == CURLE_OK {
            calls.pointee.hedging.noteAnswer(after: Clock.read(CLOCK_MONOTONIC) &- content.pointee.askedAt)
        }
        if calls.pointee.hedgeCount == 0 { return deliver(transfer) }
        if let settled = settleHedge(of: transfer) { deliver(settled) }
    }

    private func deliver(_ transfer: Transfer) {
        transfer.place.pointee.stage = .ended
        if let group = transfer.place.pointee.group {
            group.place.pointee.underWay &-= 1
            group.place.pointee.ended.append(transfer)
            group.shared.pointee.caller.wake()
        } else {
            calls.pointee.ended.append(transfer)
        }
    }

    /// The host has closed descriptors of libcurl's: begins with none. What is under way is lost.
    @inline(never)
    private func renew() {
        calls.pointee.running.forEach { transfer in
            transfer.exchange.content.pointee.isLost = true
            transfer.exchange.content.pointee.stop = .robbed
        }
        while let transfer = calls.pointee.running.first { end(transfer, CURLE_FAILED_INIT) }
        shared.pointee.multi.renew(maxConnections: calls.pointee.width)
        // Whoever waits may have nobody left who drives.
        calls.pointee.ended.forEach { $0.wake() }
    }

    private func callEnded() {
        while let transfer = calls.pointee.ended.removeFirst() { call(transfer) }
    }

    /// Calls whoever waits for a transfer, and not with the lock held: he often runs at once, and would have to wait for
    /// it. Without it he may find out by himself and be gone before he is called; the transfer stays until then.
    @inline(never)
    private func call(_ transfer: Transfer) {
        if transfer.place.pointee.group != nil { return transfer.wake() }
        guard transfer.shared.pointee.caller.claim() else { return }
        calls.pointee.callings &+= 1
        unlock()
        transfer.shared.pointee.caller.wakeClaimed()
        lock()
        calls.pointee.callings &-= 1
    }

    /// libcurl itself cannot go on: the caller who finds out gets the failure, the next one tries again.
    @inline(never)
    func fail(_ mine: Transfer, _ code: CURLcode) {
        if mine.place.pointee.stage == .queued {
            calls.pointee.queued.remove(mine)
        } else {
            shared.pointee.multi.remove(mine)
        }
        end(mine, code)
    }

    /// Takes the transfer of a caller who leaves out of the lists. False when a driver has it in hand, who is then told.
    @inline(never)
    func withdraw(_ transfer: Transfer) -> Bool {
        switch transfer.place.pointee.stage {
        case .queued:
            calls.pointee.queued.remove(transfer)
        case .running where calls.pointee.areDriven:
            transfer.place.pointee.isAbandoned = true
            transfer.exchange.cutShort()
            calls.pointee.abandonedCount &+= 1
            abandonHedge(of: transfer)
            shared.pointee.multi.wakeUp()
            return false
        case .running where shared.pointee.multi.sockets.check():
            renew()
            calls.pointee.ended.remove(transfer)
        case .running:
            noteLookup(of: transfer)
            removeHedge(of: transfer)
            shared.pointee.multi.remove(transfer)
            calls.pointee.running.remove(transfer)
        case .idle, .ended:
            break
        }
        return true
    }

    private func clearAbandoned() {
        guard calls.pointee.abandonedCount > 0 else { return }
        if shared.pointee.multi.sockets.check() { return renew() }
        calls.pointee.running.forEach { transfer in
            guard transfer.place.pointee.isAbandoned else { return }
            noteLookup(of: transfer)
            shared.pointee.multi.remove(transfer)
            calls.pointee.running.remove(transfer)
            discard(transfer)
        }
    }

    private func discard(_ transfer: Transfer) {
        calls.pointee.abandonedCount &-= 1
        transfer.place.pointee.isAbandoned = false
        transfer.place.pointee.stage = .idle
        transfer.exchange.recycle()
        keep(transfer)?.destroy()
    }

    /// Lets one of the callers who are still waiting drive on: the last to come, who has longest to wait and so hands over
    /// the least often. The caller of a group may have other things to do before he waits again, and then it is another.
    @inline(never)
    func handOver() {
        if calls.pointee.areDriven { return }
        let canDrive = { (transfer: Transfer) in
            if transfer.place.pointee.original != nil { return false }
            return transfer.place.pointee.group?.shared.pointee.caller.isAsleep ?? true
        }
        let next = calls.pointee.queued.last(where: canDrive) ?? calls.pointee.running.last(where: canDrive)
        if let next { call(next) }
    }
}
