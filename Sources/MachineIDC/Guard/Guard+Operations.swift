internal import CPlatform

// The operations behind the exported functions for guards.
extension Guard {
    /// Validates the device once. When that brings a decision, makes a guard and writes it to `handle`.
    static func start(
        on client: Client, device raw: UnsafePointer<CChar>?, _ options: GuardOptions,
        into handle: UnsafeMutablePointer<OpaquePointer?>, wantsJSON: Bool
    ) throws(Failure) -> CallResult {
        let guards = try Guards.of(client.usableTransport())
        try GuardRegistry.prepare()
        let result = try client.perform(.validate, device: raw, wantsJSON: true)
        guard result.status == .ok, let raw else { return result.withoutJSON(unless: wantsJSON) }
        if !result.sentAt.isKnown {
            free(result.json)
            throw Failure(.internal, "CLOCK_BOOTTIME cannot be read")
        }
        let decision = result.json
        // The guard keeps the decision, and the caller gets a copy.
        let copy = wantsJSON ? decision.flatMap { strdup($0) } : nil
        if wantsJSON, copy == nil {
            free(decision)
            throw .outOfMemory
        }
        let made: Guard
        do throws(Failure) {
            made = try Guard(client, guards, device: raw, options, sentAt: result.sentAt)
        } catch {
            free(decision)
            free(copy)
            throw error
        }
        do throws(Failure) {
            try made.acceptFirstDecision(isAllowed: result.isAllowed, decision)
        } catch {
            free(copy)
            throw error
        }
        handle.pointee = made.handle
        return CallResult(status: .ok, isAllowed: result.isAllowed, sentAt: result.sentAt, json: copy)
    }

    /// Records the first decision and, if it is to allow, hands the guard to the guard thread. Releases the guard when
    /// it throws.
    ///
    /// - Parameter decision: malloc'd; this function takes ownership.
    private func acceptFirstDecision(isAllowed: Bool, _ decision: UnsafeMutablePointer<CChar>?) throws(Failure) {
        transport.lock()
        accept(isAllowed: isAllowed, decision, sentAt: locked.pointee.decisionSentAt)
        let due = MonotonicTime.after(milliseconds: locked.pointee.schedule.first())
        transport.unlock()
        guard isAllowed else { return }
        do throws(Failure) {
            try guards.add(self, of: shared.pointee.client, due: due)
        } catch {
            forget()
            release()
            throw error
        }
    }

    /// Takes a guard that was not handed out from those that are counted.
    private func forget() {
        transport.lock()
        guards.countEnded(locked.pointee.state, -1)
        transport.unlock()
    }

    /// Ends the guard and releases the handle's reference, for `mid_guard_stop`. In a forked child, where the parent's
    /// lock may be held for ever, it only closes the guard's descriptors; the memory stays allocated.
    func stop() {
        if isInherited {
            locked.pointee.descriptor.close()
            shared.pointee.inherited.close()
            return
        }
        let client = shared.pointee.client
        client.retain()
        transport.lock()
        // The descriptor is closed first, so that a poll does not report the end. The fork gate is needed because a
        // forked child reads the descriptor's state.
        ForkGate.holdingOffFork { locked.pointee.descriptor.close() }
        end(.ended)
        guards.countEnded(locked.pointee.state, -1)
        transport.unlock()
        guards.joinThread(until: .after(milliseconds: 250))
        release()
        client.release()
    }

    /// Waits until the guard does not allow. Returns false when the time is over before that. Less than 0 milliseconds
    /// waits without limit.
    func wait(milliseconds: Int32) -> Bool {
        if isInherited || !isAllowed { return true }
        let limit = milliseconds < 0 ? nil : MonotonicTime.after(milliseconds: Int(milliseconds))
        transport.lock()
        locked.pointee.references &+= 1
        while isAllowed, !(limit?.hasPassed ?? false) {
            // One second at most: CLOCK_MONOTONIC, which a condition waits by, stands still while the machine is
            // suspended, but the permit ages.
            let lapse = MonotonicTime.after(milliseconds: min(max(shared.pointee.permit.remaining, 1), 1_000))
            shared.pointee.changed.wait(transport.shared.pointee.lock, until: min(lapse, limit ?? lapse))
        }
        let isOff = !isAllowed
        transport.unlock()
        release()
        return isOff
    }

    /// The guard's descriptor for `mid_guard_fd`; -1 when no descriptor is left.
    func descriptor() -> Int32 {
        if isInherited { return locked.pointee.descriptor.number ?? shared.pointee.inherited.open() }
        transport.lock()
        defer { transport.unlock() }
        // The fork gate is needed because a forked child reads the descriptor's state.
        return ForkGate.holdingOffFork { locked.pointee.descriptor.open() }
    }
}

extension CallResult {
    /// The same result, without its text unless that is wanted.
    fileprivate consuming func withoutJSON(unless wantsJSON: Bool) -> CallResult {
        if wantsJSON { return self }
        free(json)
        return CallResult(status: status, isAllowed: isAllowed, sentAt: sentAt, json: nil)
    }
}
