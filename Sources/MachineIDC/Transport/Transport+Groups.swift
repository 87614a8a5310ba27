internal import CCurl

// Callers with several transfers under way at the same time. Like any caller such a one drives when nobody else does.
extension Transport {
    /// Why a caller who waits for his group is called.
    enum Turn {
        /// This one has ended, and is the caller's again: see its `code`.
        case ended(Transfer)
        case woken
        case cancelled
        case deadline
    }

    /// From now on the group counts as a call inside.
    func open(_ group: TransferGroup) {
        lock()
        enter(isGroups: true)
        calls.pointee.groups.append(group)
        unlock()
    }

    /// Only when none of its transfers is under way.
    func close(_ group: TransferGroup) {
        if isInherited { return }
        lock()
        calls.pointee.groups.remove(group)
        leave(isGroups: true)
        unlock()
    }

    func start(_ transfer: Transfer, in group: TransferGroup) {
        lock()
        transfer.place.pointee.group = group
        group.place.pointee.underWay &+= 1
        enqueue(transfer)
        unlock()
    }

    /// Waits until there is something to do for the caller of the group, or for the deadline; drives meanwhile when
    /// nobody else does.
    func next(in group: TransferGroup, until deadline: Deadline, _ settings: borrowing Settings) -> Turn {
        lock()
        defer { unlock() }
        while true {
            if isInherited { return .cancelled }
            if let turn = turn(of: group, deadline) {
                handOver()
                return turn
            }
            if calls.pointee.areDriven || group.place.pointee.underWay == 0 {
                group.shared.pointee.caller.sleep(shared.pointee.lock, until: deadline)
            } else {
                let code = drive(until: deadline, settings) {
                    group.place.pointee.ended.first != nil || group.place.pointee.isWoken
                }
                if code != CURLE_OK { fail(group, code) }
            }
        }
    }

    private func turn(of group: TransferGroup, _ deadline: Deadline) -> Turn? {
        if calls.pointee.areCancelled { return .cancelled }
        if let transfer = group.place.pointee.ended.removeFirst() {
            transfer.place.pointee.stage = .idle
            transfer.place.pointee.group = nil
            return .ended(transfer)
        }
        if group.place.pointee.isWoken {
            group.place.pointee.isWoken = false
            return .woken
        }
        return deadline.hasPassed ? .deadline : nil
    }

    /// Calls the caller of the group, or lets him not wait when he is about to. Locked, since it was learned that there is
    /// such a group: whoever it belongs to destroys it as soon as he may.
    func wake(_ group: TransferGroup) {
        group.place.pointee.isWoken = true
        group.shared.pointee.caller.wake()
        if calls.pointee.areDriven { shared.pointee.multi.wakeUp() }
    }

    /// Gives a transfer up, wherever it is. False when another thread has it in hand: it is that one's now.
    func giveUp(_ transfer: Transfer) -> Bool {
        if isInherited { return false }
        lock()
        defer { unlock() }
        let group = transfer.place.pointee.group
        transfer.place.pointee.group = nil
        if let group {
            if transfer.place.pointee.stage == .ended {
                group.place.pointee.ended.remove(transfer)
            } else {
                group.place.pointee.underWay &-= 1
            }
        }
        guard withdraw(transfer) else { return false }
        transfer.place.pointee.stage = .idle
        // Somebody else may wait for a driver, who was not called for the sake of this one.
        handOver()
        return true
    }

    /// libcurl itself cannot go on.
    private func fail(_ group: TransferGroup, _ code: CURLcode) {
        let isOurs = { (transfer: Transfer) in transfer.place.pointee.group == group }
        while let transfer = calls.pointee.running.last(where: isOurs) { fail(transfer, code) }
        while let transfer = calls.pointee.queued.last(where: isOurs) { fail(transfer, code) }
    }
}

// One call among several of a group.
extension Call {
    func start(in group: TransferGroup) {
        guard let transfer else { return }
        transfer.exchange.rewind()
        transport.start(transfer, in: group)
    }

    func isMade(of other: Transfer) -> Bool { transfer == other }

    var ended: Attempt? { transfer.map { Attempt($0.exchange) } }

    mutating func giveUp() {
        guard let current = transfer else { return }
        if !transport.giveUp(current) { transfer = nil }
    }
}
