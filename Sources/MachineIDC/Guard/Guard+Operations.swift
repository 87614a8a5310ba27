internal import CPlatform

// What the exported functions do with a guard.
extension Guard {
    /// Validates once; where that brings a decision, there is a guard.
    static func start(
        on client: Client, device raw: UnsafePointer<CChar>?, _ options: GuardOptions,
        into handle: UnsafeMutablePointer<OpaquePointer?>, wantsJSON: Bool
    ) throws(Failure) -> Client.Response {
        let transport = try client.usableTransport()
        try GuardRegistry.prepare()
        let response = try client.perform(.validate, device: raw, wantsJSON: true)
        guard response.status == .ok, let raw else { return response.keeping(wantsJSON) }
        if response.askedAt == Clock.unreadable {
            free(response.json)
            throw Failure(.internal, "CLOCK_BOOTTIME cannot be read")
        }
        let decision = response.json
        // The guard has its own copy.
        let copy = wantsJSON ? decision.flatMap { strdup($0) } : nil
        if wantsJSON, copy == nil {
            free(decision)
            throw .outOfMemory
        }
        let made: Guard
        do throws(Failure) {
            made = try Guard(client, transport, device: raw, options, askedAt: response.askedAt)
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

    /// Releases the guard when it throws.
    ///
    /// - Parameter decision: taken over.
    private func begin(isAllow: Bool, _ decision: UnsafeMutablePointer<CChar>?) throws(Failure) {
        transport.lock()
        accept(isAllow: isAllow, decision, askedAt: knowledge.pointee.decisionAskedAt)
        let due = Deadline.after(milliseconds: knowledge.pointee.schedule.first())
        transport.unlock()
        guard isAllow else { return }
        do throws(Failure) {
            try transport.add(self, of: shared.pointee.client, due: due)
        } catch {
            release()
            throw error
        }
    }

    /// Frees the handle.
    func stop() {
        if isInherited {
            knowledge.pointee.signal.close()
            shared.pointee.inherited.close()
            return
        }
        let client = shared.pointee.client
        client.retain()
        transport.lock()
        // First, so that nobody who polls it is told of the end. A fork looks at it, in the child.
        ForkGate.working { knowledge.pointee.signal.close() }
        end(.ended)
        transport.unlock()
        transport.joinThread(until: .after(milliseconds: 250))
        release()
        client.release()
    }

    /// Waits until there is no permission. False when the time is over first.
    func wait(milliseconds: Int32) -> Bool {
        if isInherited || !isAllowed { return true }
        let limit = milliseconds < 0 ? nil : Deadline.after(milliseconds: Int(milliseconds))
        transport.lock()
        knowledge.pointee.references &+= 1
        while isAllowed, !(limit?.hasPassed ?? false) {
            // A second at most: the clock of a condition stands still during suspend, which ages the permit.
            let lapse = Deadline.after(milliseconds: min(max(shared.pointee.permit.remaining, 1), 1_000))
            shared.pointee.changed.wait(transport.shared.pointee.lock, until: min(lapse, limit ?? lapse))
        }
        let isOff = !isAllowed
        transport.unlock()
        release()
        return isOff
    }

    func descriptor() -> Int32 {
        if isInherited { return knowledge.pointee.signal.descriptor ?? shared.pointee.inherited.open() }
        transport.lock()
        defer { transport.unlock() }
        // A fork looks at it, in the child.
        return ForkGate.working { knowledge.pointee.signal.open() }
    }
}

extension Client.Response {
    fileprivate consuming func keeping(_ wantsJSON: Bool) -> Client.Response {
        if wantsJSON { return self }
        free(json)
        return Client.Response(status: status, isAllow: isAllow, askedAt: askedAt, json: nil)
    }
}
