internal import CCurl

// How callers drive. Everything here runs with the lock held but for the two lines that say otherwise, in `drive`.
extension Transport {
    /// How an attempt ended for its caller.
    enum Ending {
        /// libcurl is done with it: see the transfer's `code`.
        case ended
        case timedOut
        case cancelled
    }

    /// Takes a transfer through libcurl. When its caller has to leave while another thread is driving, it is abandoned:
    /// `mine` is nil then, and the driver's.
    func run(_ mine: inout Transfer?, until deadline: Deadline) -> Ending {
        guard let transfer = mine else { return .cancelled }
        state.pointee.lock.lock()
        defer { state.pointee.lock.unlock() }
        enqueue(transfer)
        var ending = Ending.ended
        while transfer.state.pointee.stage != .ended {
            if state.pointee.isCancelled || deadline.hasPassed {
                ending = state.pointee.isCancelled ? .cancelled : .timedOut
                if !leave(transfer) { mine = nil }
                break
            }
            if state.pointee.isDriven {
                transfer.state.pointee.changed.wait(state.pointee.lock, until: deadline)
            } else {
                drive(for: transfer, until: deadline)
            }
        }
        mine?.state.pointee.stage = .idle
        handOver()
        return ending
    }

    /// Waits until the deadline. False when the client was cancelled first.
    func pause(_ transfer: Transfer, until deadline: Deadline) -> Bool {
        state.pointee.lock.lock()
        defer { state.pointee.lock.unlock() }
        state.pointee.paused.append(transfer)
        while !state.pointee.isCancelled, !deadline.hasPassed {
            transfer.state.pointee.changed.wait(state.pointee.lock, until: deadline)
        }
        state.pointee.paused.remove(transfer)
        return !state.pointee.isCancelled
    }

    private func enqueue(_ transfer: Transfer) {
        transfer.state.pointee.stage = .queued
        state.pointee.queued.append(transfer)
        if state.pointee.isDriven { state.pointee.multi.wakeUp() }
    }

    /// Drives everybody's transfers until `mine` has ended or its caller has to leave.
    private func drive(for mine: Transfer, until deadline: Deadline) {
        state.pointee.isDriven = true
        defer { state.pointee.isDriven = false }
        while true {
            takeOn()
            state.pointee.lock.unlock()
            let performed = state.pointee.multi.perform()
            state.pointee.lock.lock()
            reap()
            clearAbandoned()
            let isDone = mine.state.pointee.stage == .ended || state.pointee.isCancelled || deadline.hasPassed
            if isDone { return }
            guard performed else { return fail(mine) }

            state.pointee.lock.unlock()
            let polled = state.pointee.multi.poll(milliseconds: deadline.remainingMilliseconds)
            state.pointee.lock.lock()
            guard polled else { return fail(mine) }
        }
    }

    /// Moves what was queued into libcurl's hands.
    private func takeOn() {
        while let transfer = state.pointee.queued.removeFirst() {
            state.pointee.running.append(transfer)
            transfer.state.pointee.stage = .running
            if !state.pointee.multi.add(transfer) { end(transfer, CURLE_OUT_OF_MEMORY) }
        }
    }

    /// Gives transfers that have ended back to their callers.
    private func reap() {
        while let (transfer, code) = state.pointee.multi.nextEnded() {
            state.pointee.multi.remove(transfer)
            end(transfer, code)
        }
    }

    private func end(_ transfer: Transfer, _ code: CURLcode) {
        state.pointee.running.remove(transfer)
        if transfer.state.pointee.isAbandoned { return discard(transfer) }
        // libcurl calls a reply complete whose connection was closed within the head.
        let isCut = code == CURLE_OK && !transfer.state.pointee.headIsComplete
        transfer.state.pointee.code = isCut ? CURLE_PARTIAL_FILE : code
        transfer.state.pointee.stage = .ended
        transfer.state.pointee.changed.signal()
    }

    /// libcurl itself cannot go on: the caller who finds out gets the failure, the next one tries again.
    private func fail(_ mine: Transfer) {
        state.pointee.multi.remove(mine)
        end(mine, CURLE_OUT_OF_MEMORY)
    }

    /// Takes the transfer of a caller who leaves out of the lists. False when a driver has it in hand, who is then told.
    private func leave(_ transfer: Transfer) -> Bool {
        switch transfer.state.pointee.stage {
        case .queued:
            state.pointee.queued.remove(transfer)
        case .running where state.pointee.isDriven:
            transfer.state.pointee.isAbandoned = true
            state.pointee.abandonedCount &+= 1
            state.pointee.multi.wakeUp()
            return false
        case .running:
            state.pointee.multi.remove(transfer)
            state.pointee.running.remove(transfer)
        case .idle, .ended:
            break
        }
        return true
    }

    private func clearAbandoned() {
        guard state.pointee.abandonedCount > 0 else { return }
        state.pointee.running.forEach { transfer in
            guard transfer.state.pointee.isAbandoned else { return }
            state.pointee.multi.remove(transfer)
            state.pointee.running.remove(transfer)
            discard(transfer)
        }
    }

    private func discard(_ transfer: Transfer) {
        state.pointee.abandonedCount &-= 1
        transfer.state.pointee.isAbandoned = false
        transfer.state.pointee.stage = .idle
        transfer.recycle()
        keep(transfer)?.destroy()
    }

    /// Lets one of the callers who are still waiting drive on.
    private func handOver() {
        if state.pointee.isDriven { return }
        let next = state.pointee.running.first ?? state.pointee.queued.first
        next?.state.pointee.changed.signal()
    }
}
