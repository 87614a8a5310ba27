internal import CCurl

// Groups: threads with several transfers in progress at the same time. Like any caller, a group's owner drives when no
// other thread does. The functions take the lock, except those that say that they require it.
extension Transport {
    /// Why `next` returned to the owner of a group.
    enum WaitResult {
        /// This transfer has ended and belongs to the owner again: see its exchange's `code`.
        case ended(Transfer)
        /// `wake` was called.
        case woken
        case cancelled
        case timedOut
    }

    /// Opens a group. From then on it counts as a call inside the transport.
    func open(_ group: TransferGroup) {
        lock()
        enter(isInGroup: true)
        locked.pointee.groups.append(group)
        unlock()
    }

    /// Closes a group, none of whose transfers may be in progress.
    func close(_ group: TransferGroup) {
        if isInheritedByNow { return }
        lock()
        locked.pointee.groups.remove(group)
        leave(isInGroup: true)
        unlock()
    }

    /// Queues a transfer for a group.
    func start(_ transfer: Transfer, in group: TransferGroup) {
        lock()
        transfer.locked.pointee.group = group
        group.locked.pointee.underWay &+= 1
        enqueue(transfer)
        unlock()
    }

    /// Waits until there is something to do for the group's owner, or for the deadline. Drives meanwhile when no other
    /// thread does.
    func next(in group: TransferGroup, until deadline: MonotonicTime, _ settings: borrowing Settings) -> WaitResult {
        lock()
        defer { unlock() }
        while true {
            if isInheritedByNow { return .cancelled }
            if let result = waitResult(of: group, deadline) {
                handOver()
                return result
            }
            if locked.pointee.hasDriver || group.locked.pointee.underWay == 0 {
                group.shared.pointee.sleeper.sleep(shared.pointee.lock, until: deadline)
            } else {
                let code = drive(until: deadline, settings) {
                    group.locked.pointee.ended.first != nil || group.locked.pointee.isWoken
                }
                if code != CURLE_OK { fail(group, code) }
            }
        }
    }

    /// Why `next` has to return; nil while it has to wait. Requires the lock.
    private func waitResult(of group: TransferGroup, _ deadline: MonotonicTime) -> WaitResult? {
        if locked.pointee.isCancelled { return .cancelled }
        if let transfer = group.locked.pointee.ended.removeFirst() {
            transfer.locked.pointee.stage = .idle
            transfer.locked.pointee.group = nil
            return .ended(transfer)
        }
        if group.locked.pointee.isWoken {
            group.locked.pointee.isWoken = false
            return .woken
        }
        return deadline.hasPassed ? .timedOut : nil
    }

    /// Wakes the owner of the group, or makes its next wait return. Hold the lock from the moment the pointer to the
    /// group is read: the owner may destroy the group as soon as it gets the lock.
    func wake(_ group: TransferGroup) {
        group.locked.pointee.isWoken = true
        group.shared.pointee.sleeper.wake()
        if locked.pointee.hasDriver { shared.pointee.multi.wake() }
    }

    /// Cancels a transfer in whatever stage it is. Returns false when another thread is driving it: then the driver
    /// owns it.
    func cancelInGroup(_ transfer: Transfer) -> Bool {
        if isInheritedByNow { return false }
        lock()
        defer { unlock() }
        let group = transfer.locked.pointee.group
        transfer.locked.pointee.group = nil
        if let group {
            if transfer.locked.pointee.stage == .ended {
                group.locked.pointee.ended.remove(transfer)
            } else {
                group.locked.pointee.underWay &-= 1
            }
        }
        guard cancel(transfer) else { return false }
        transfer.locked.pointee.stage = .idle
        // Whoever takes a transfer away hands over. The last `next` of the owner has done so too, and driver.pml finds
        // no fault without this call: it is here so that cancelling is right wherever it is called.
        handOver()
        return true
    }

    /// Ends all transfers of the group when libcurl itself cannot continue. Requires the lock.
    private func fail(_ group: TransferGroup, _ code: CURLcode) {
        let isOurs = { (transfer: Transfer) in transfer.locked.pointee.group == group }
        while let transfer = locked.pointee.running.last(where: isOurs) { fail(transfer, code) }
        while let transfer = locked.pointee.queued.last(where: isOurs) { fail(transfer, code) }
    }
}

// A transfer that is held for a group.
extension TransferLease {
    /// Starts an attempt.
    func start(in group: TransferGroup) {
        guard let transfer else { return }
        transfer.exchange.resetAttempt()
        transport.start(transfer, in: group)
    }

    /// Whether this holds the transfer.
    func holds(_ other: Transfer) -> Bool { transfer == other }

    /// The result of the attempt that has ended.
    var attemptResult: AttemptResult? { transfer.map { AttemptResult($0.exchange) } }

    /// Cancels the attempt in progress, if there is one.
    mutating func cancel() {
        guard let current = transfer else { return }
        if !transport.cancelInGroup(current) { transfer = nil }
    }
}
