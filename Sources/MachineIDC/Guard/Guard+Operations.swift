internal import CPlatform

// The operations behind the exported functions for guards.
extension Guard {
    /// Validates the device once. When that brings a decision, makes a guard and writes it to `handle`.
    static func start(
        on client: Client, device raw: UnsafePointer<CChar>?, _ options: GuardOptions,
        into handle: UnsafeMutablePointer<OpaquePointer?>, wantsJSON: Bool
    ) throws(Failure) -> Client.Response {
        let guards = try Guards.of(client.usableTransport())
        try GuardRegistry.prepare()
        let response = try client.perform(.validate, device: raw, wantsJSON: true)
        guard response.status == .ok, let raw else { return response.keeping(wantsJSON) }
        if response.askedAt == Clock.unreadable {
            free(response.json)
            throw Failure(.internal, "CLOCK_BOOTTIME cannot be read")
        }
        let decision = response.json
        // The guard keeps the decision, and the caller gets a copy.
        let copy = wantsJSON ? decision.flatMap { strdup($0) } : nil
        if wantsJSON, copy == nil {
            free(decision)
            throw .outOfMemory
        }
        let made: Guard
        do throws(Failure) {
            made = try Guard(client, guards, device: raw, options, askedAt: response.askedAt)
        } catch {
            free(decision)
            free(copy)
            throw error
        }
        do throws(Failure) {
            try made.begin(isAllow: response.isAllow, decision)
        } catch {
            free(copy)
            throw error
        }
        handle.pointee = made.handle
        return Client.Response(status: .ok, isAllow: response.isAllow, askedAt: response.askedAt, json: copy)
    }

    /// Records the first decision and, if it is to allow, hands the guard to the guard thread. Releases the guard when
    /// it throws.
    ///
    /// - Parameter decision: malloc'd; this function takes ownership.
    private func begin(isAllow: Bool, _ decision: UnsafeMutablePointer<CChar>?) throws(Failure) {
        transport.lock()
        accept(isAllow: isAllow, decision, askedAt: knowledge.pointee.decisionAskedAt)
        let due = Deadline.after(milliseconds: knowledge.pointee.schedule.first())
        transport.unlock()
        guard isAllow else { return }
        do throws(Failure) {
            try guards.add(self, of: shared.pointee.client, due: due)
        } catch {
            release()
            throw error
        }
    }

    /// Ends the guard and releases the handle's reference, for `mid_guard_stop`. In a forked child, where the parent's
    /// lock may be held for ever, it only closes the guard's descriptors; the memory stays allocated.
    func stop() {
        if isInherited {
            knowledge.pointee.signal.close()
            shared.pointee.inherited.close()
            return
        }
        let client = shared.pointee.client
        client.retain()
        transport.lock()
        // The descriptor is closed first, so that a poll does not report the end. The fork gate is needed because a
        // forked child reads the descriptor's state.
        ForkGate.working { knowledge.pointee.signal.close() }
        end(.ended)
        transport.unlock()
        guards.joinThread(until: .after(milliseconds: 250))
        release()
        client.release()
    }

    /// Waits until the guard does not allow. Returns false when the time is over before that. Less than 0 milliseconds
    /// waits without limit.
    func wait(milliseconds: Int32) -> Bool {
        if isInherited || !isAllowed { return true }
        let limit = milliseconds < 0 ? nil : Deadline.after(milliseconds: Int(milliseconds))
        transport.lock()
        knowledge.pointee.references &+= 1
        while isAllowed, !(limit?.hasPassed ?? false) {
            // One second at most: CLOCK_MONOTONIC, which a condition waits by, stands still while the machine is
            // suspended, but the permit ages.
            let lapse = Deadline.after(milliseconds: min(max(shared.pointee.permit.remaining, 1), 1_000))
            shared.pointee.changed.wait(transport.shared.pointee.lock, until: min(lapse, limit ?? lapse))
        }
        let isOff = !isAllowed
        transport.unlock()
        release()
        return isOff
    }

    /// The guard's descriptor for `mid_guard_fd`; -1 when no descriptor is left.
    func descriptor() -> Int32 {
        if isInherited { return knowledge.pointee.signal.descriptor ?? shared.pointee.inherited.open() }
        transport.lock()
        defer { transport.unlock() }
        // The fork gate is needed because a forked child reads the descriptor's state.
        return ForkGate.working { knowledge.pointee.signal.open() }
    }
}

extension Client.Response {
    /// The same response, without its text unless that is wanted.
    fileprivate consuming func keeping(_ wantsJSON: Bool) -> Client.Response {
        if wantsJSON { return self }
        free(json)
        return Client.Response(status: status, isAllow: isAllow, askedAt: askedAt, json: nil)
    }
}
