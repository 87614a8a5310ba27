internal import CCurl
internal import CPlatform

// How callers drive libcurl. All functions here require the lock unless they say otherwise. `drive` and `wakeCaller`
// release it for a while, so a function that ends a transfer or hands over may release the lock in between.
extension Transport {
    /// Why `runTransfer` returned to the caller of a transfer.
    enum RunResult {
        /// libcurl is done with the transfer: see the exchange's `code`.
        case ended
        /// The deadline passed when the exchange had come this far.
        case timedOut(Exchange.Progress)
        case cancelled
    }

    /// Runs a transfer, and takes the lock for that. When the caller has to leave while another thread is driving, the
    /// transfer is abandoned: `mine` becomes nil and the driver clears the transfer away.
    func runTransfer(
        _ mine: inout Transfer?, until deadline: MonotonicTime, _ settings: borrowing Settings
    ) -> RunResult {
        guard let transfer = mine else { return .cancelled }
        lock()
        defer { unlock() }
        enqueue(transfer)
        var result = RunResult.ended
        while transfer.locked.pointee.stage != .ended {
            if locked.pointee.isCancelled || deadline.hasPassed {
                result = locked.pointee.isCancelled ? .cancelled : .timedOut(transfer.exchange.progress)
                if case .timedOut(.waiting) = result {
                    // The network may have forgotten the connections that were idle all that time as well.
                    let began = deadline.advanced(milliseconds: 0 &- settings.timeout)
                    shared.pointee.multi.sockets.retireLater(unusedSince: began)
                }
                if !cancel(transfer) { mine = nil }
                break
            }
            if locked.pointee.hasDriver {
                transfer.shared.pointee.sleeper.sleep(shared.pointee.lock, until: deadline)
            } else {
                let code = drive(until: deadline, settings) { transfer.locked.pointee.stage == .ended }
                if code != CURLE_OK { fail(transfer, code) }
            }
            if isInheritedByNow {
                mine = nil
                return .cancelled
            }
        }
        if let mine {
            if case .interrupted = mine.exchange.content.pointee.stop {
                if locked.pointee.isCancelled { result = .cancelled }
                else if deadline.hasPassed { result = .timedOut(mine.exchange.progress) }
            }
            locked.pointee.toWake.remove(mine)
            mine.locked.pointee.stage = .idle
        }
        handOver()
        return result
    }

    /// Waits until the deadline, and takes the lock for that. Returns false when the client was cancelled first.
    func pause(_ transfer: Transfer, until deadline: MonotonicTime) -> Bool {
        lock()
        defer { unlock() }
        locked.pointee.paused.append(transfer)
        while !locked.pointee.isCancelled, !deadline.hasPassed {
            transfer.shared.pointee.sleeper.sleep(shared.pointee.lock, until: deadline)
            if isInheritedByNow { return false }
        }
        locked.pointee.paused.remove(transfer)
        return !locked.pointee.isCancelled
    }

    /// Queues a transfer, and wakes the driver if it polls and has room.
    func enqueue(_ transfer: Transfer) {
        transfer.locked.pointee.stage = .queued
        transfer.locked.pointee.hedgeWasReplaced = false
        locked.pointee.queued.append(transfer)
        if locked.pointee.isDriverPolling, hasRoom { shared.pointee.multi.wake() }
    }

    /// Drives the transfers of all callers until `isDone`, the deadline, or a cancellation; returns at once in a forked
    /// child. Returns CURLE_OK unless libcurl itself cannot continue.
    func drive(until deadline: MonotonicTime, _ settings: borrowing Settings, _ isDone: () -> Bool) -> CURLcode {
        locked.pointee.hasDriver = true
        defer { locked.pointee.hasDriver = false }
        if shared.pointee.multi.isMissing || shared.pointee.multi.sockets.check() {
            rebuild()
            wakeEndedCallers()
            if isDone() { return CURLE_OK }
        }
        var isSecondRound = false
        while true {
            startQueued()
            let idleShard = detachIdleShard()
            unlock()
            idleShard?.destroy()
            let performed = shared.pointee.multi.perform(until: deadline)
            lock()
            if isInheritedByNow { return CURLE_OK }
            collectEnded()
            if shared.pointee.multi.sockets.hostClosedDescriptor { rebuild() }
            if locked.pointee.isShrinkingForShard {
                locked.pointee.openConnectionsBound =
                    max(shared.pointee.multi.sockets.countOpen(), locked.pointee.running.count)
            }
            let now = MonotonicTime.now
            let mustLeave = locked.pointee.isCancelled || deadline <= now
            // A woken caller often preempts this thread, so queued requests are started first; otherwise connections
            // would be idle meanwhile. This is done only once per round, because groups could keep it up for ever.
            if canStartQueued, !isSecondRound, !mustLeave, performed == CURLE_OK {
                isSecondRound = true
                continue
            }
            isSecondRound = false
            // Before callers are woken, whose next requests would take the connections that hedges may use.
            if !mustLeave, performed == CURLE_OK { startHedges(settings, at: now) }
            wakeEndedCallers()
            reclaimAbandoned()
            if isDone() || mustLeave { return CURLE_OK }
            guard performed == CURLE_OK else { return performed }
            if canStartQueued { continue }

            let patience = patience(until: deadline)
            locked.pointee.isDriverPolling = true
            unlock()
            let polled = shared.pointee.multi.poll(milliseconds: patience)
            lock()
            if isInheritedByNow { return CURLE_OK }
            locked.pointee.isDriverPolling = false
            // Checked before anything is read: the descriptor may belong to the host by now, and reading it may block.
            if shared.pointee.multi.sockets.checkWakePipe() {
                rebuild()
                continue
            }
            guard polled == CURLE_OK else {
                reclaimAbandoned()
                return polled
            }
        }
    }

    /// Whether another transfer may be added to libcurl. Hedges do not count.
    var hasRoom: Bool { locked.pointee.running.count &- locked.pointee.hedgeCount < locked.pointee.width }

    /// Whether a queued transfer can be started now.
    private var canStartQueued: Bool { hasRoom && locked.pointee.queued.first != nil && lookupWait() == 0 }

    /// How long to poll, in milliseconds.
    private func patience(until deadline: MonotonicTime) -> Int {
        var patience = deadline.remainingMilliseconds
        // Needed for the hedges, and because libcurl before 8.4 does not report when it wants to try a name's next
        // address.
        if locked.pointee.running.first != nil { patience = min(patience, locked.pointee.hedging.interval) }
        if hasRoom, locked.pointee.queued.first != nil { patience = min(patience, max(lookupWait(), 1)) }
        return patience
    }

    /// Adds queued transfers to libcurl.
    private func startQueued() {
        if locked.pointee.mustApplyWidth {
            locked.pointee.mustApplyWidth = !shared.pointee.multi.limit(to: locked.pointee.width)
        }
        while canStartQueued, let transfer = locked.pointee.queued.removeFirst() {
            locked.pointee.running.append(transfer)
            locked.pointee.openConnectionsBound = max(locked.pointee.openConnectionsBound, locked.pointee.running.count)
            transfer.locked.pointee.stage = .running
            if locked.pointee.isCancelled { transfer.exchange.interrupt() }
            let added = shared.pointee.multi.add(transfer)
            if added != CURLE_OK { complete(transfer, added) }
        }
    }

    /// Takes transfers that have ended out of libcurl.
    private func collectEnded() {
        while let (transfer, code) = shared.pointee.multi.nextEnded() {
            // If the host has closed descriptors, what was read may have come from a file of the host's.
            if shared.pointee.multi.sockets.checkWakePipe() { return }
            if code == CURLE_OPERATION_TIMEDOUT || code == CURLE_ABORTED_BY_CALLBACK { recordLookup(of: transfer) }
            shared.pointee.multi.remove(transfer)
            complete(transfer, code)
        }
    }

    /// Handles a transfer that libcurl is done with, according to libcurl's code.
    private func complete(_ transfer: Transfer, _ code: CURLcode) {
        locked.pointee.running.remove(transfer)
        if code != CURLE_OK { transfer.exchange.retireConnection() }
        if transfer.locked.pointee.isAbandoned { return reclaim(transfer) }
        let content = transfer.exchange.content
        if code != CURLE_OK, content.pointee.stop == nil, shared.pointee.multi.sockets.watchdog.pointee.hasBrokenTLS {
            content.pointee.stop = .interrupted
        }
        // libcurl reports a reply as complete when the connection was closed within its head.
        let isCut = code == CURLE_OK && !transfer.exchange.isReplyWhole
        content.pointee.code = isCut ? CURLE_PARTIAL_FILE : code
        if transfer.exchange.hasAnswer {
            locked.pointee.hedging.recordAnswer(
                to: content.pointee.endpoint, after: MonotonicTime.now.nanoseconds(since: content.pointee.sentAt))
        }
        if transfer.locked.pointee.hedge == nil, transfer.locked.pointee.original == nil { return deliver(transfer) }
        if let settled = settleHedge(of: transfer) { deliver(settled) }
    }

    /// Marks a transfer as ended, for its caller or the owner of its group. A caller of its own is woken later, by
    /// `wakeEndedCallers`.
    @inline(never)
    func deliver(_ transfer: Transfer) {
        transfer.locked.pointee.stage = .ended
        if let group = transfer.locked.pointee.group {
            group.locked.pointee.underWay &-= 1
            group.locked.pointee.ended.append(transfer)
            group.shared.pointee.sleeper.wake()
        } else {
            locked.pointee.toWake.append(transfer)
        }
    }

    /// Ends all running transfers as unusable and replaces libcurl's handle, after the host closed descriptors of it.
    @inline(never)
    private func rebuild() {
        locked.pointee.running.forEach { transfer in
            transfer.exchange.content.pointee.isUnusable = true
            transfer.exchange.content.pointee.stop = .descriptorClosed
        }
        while let transfer = locked.pointee.running.first { complete(transfer, CURLE_FAILED_INIT) }
        shared.pointee.multi.rebuild(maxConnections: locked.pointee.width)
        // The waiting callers are woken, because there may be no driver any more.
        locked.pointee.toWake.forEach { $0.wakeOwner() }
    }

    /// Wakes the callers of the transfers that have ended.
    private func wakeEndedCallers() {
        while let transfer = locked.pointee.toWake.removeFirst() { wakeCaller(of: transfer) }
    }

    /// Wakes the thread that waits for a transfer. It is done with the lock released, because the woken thread often
    /// runs at once and would have to wait for the lock. Meanwhile it may notice by itself that its transfer has ended,
    /// and leave; the transfer's memory stays until `wakesInFlight` is 0 again.
    @inline(never)
    private func wakeCaller(of transfer: Transfer) {
        if transfer.locked.pointee.group != nil { return transfer.wakeOwner() }
        guard transfer.shared.pointee.sleeper.claim() else { return }
        locked.pointee.wakesInFlight &+= 1
        unlock()
        transfer.shared.pointee.sleeper.wakeClaimed()
        lock()
        locked.pointee.wakesInFlight &-= 1
    }

    /// Ends the caller's transfer when libcurl itself cannot continue. Only the caller that drives gets the failure;
    /// the next driver tries again.
    @inline(never)
    func fail(_ mine: Transfer, _ code: CURLcode) {
        if mine.locked.pointee.stage == .queued {
            locked.pointee.queued.remove(mine)
        } else {
            shared.pointee.multi.remove(mine)
        }
        complete(mine, code)
    }

    /// Takes the transfer of a caller that leaves out of the lists. Returns false when a driver is running it: then the
    /// transfer is abandoned, and the driver is told.
    @inline(never)
    func cancel(_ transfer: Transfer) -> Bool {
        switch transfer.locked.pointee.stage {
        case .queued:
            locked.pointee.queued.remove(transfer)
        case .running where locked.pointee.hasDriver:
            transfer.locked.pointee.isAbandoned = true
            transfer.exchange.interrupt()
            locked.pointee.abandonedCount &+= 1
            abandonHedge(of: transfer)
            shared.pointee.multi.wake()
            return false
        case .running where shared.pointee.multi.sockets.check():
            rebuild()
            locked.pointee.toWake.remove(transfer)
        case .running:
            recordLookup(of: transfer)
            cancelHedge(of: transfer)
            shared.pointee.multi.remove(transfer)
            locked.pointee.running.remove(transfer)
        case .idle, .ended:
            break
        }
        return true
    }

    /// Takes abandoned transfers out of libcurl and puts them back into the pool.
    private func reclaimAbandoned() {
        guard locked.pointee.abandonedCount > 0 else { return }
        if shared.pointee.multi.sockets.check() { return rebuild() }
        locked.pointee.running.forEach { transfer in
            guard transfer.locked.pointee.isAbandoned else { return }
            recordLookup(of: transfer)
            shared.pointee.multi.remove(transfer)
            locked.pointee.running.remove(transfer)
            reclaim(transfer)
        }
    }

    /// Puts an abandoned transfer that libcurl is done with back into the pool.
    private func reclaim(_ transfer: Transfer) {
        locked.pointee.abandonedCount &-= 1
        transfer.locked.pointee.isAbandoned = false
        transfer.locked.pointee.stage = .idle
        transfer.exchange.reset()
        pool(transfer)?.destroy()
    }

    /// Wakes one of the waiting callers to drive, when no thread drives: the last to come, which has the longest time
    /// left and therefore hands over least often. The owner of a group may be busy with other things before it waits
    /// again; then another caller is chosen.
    @inline(never)
    func handOver() {
        if locked.pointee.hasDriver { return }
        let canDrive = { (transfer: Transfer) in
            if transfer.locked.pointee.original != nil { return false }
            return transfer.locked.pointee.group?.shared.pointee.sleeper.isAsleep ?? true
        }
        let next = locked.pointee.queued.last(where: canDrive) ?? locked.pointee.running.last(where: canDrive)
        if let next { wakeCaller(of: next) }
    }
}
