internal import CPlatform

extension Client {
    /// Sends a request, and retries it as `RetrySchedule` says, until there is an answer or the deadline has passed.
    ///
    /// - Parameters:
    ///   - device: the device that the request names, as the caller wrote it; NULL for an operation without one.
    ///   - body: the request's body; empty for an operation without one.
    func perform(
        _ endpoint: Endpoint, device: UnsafePointer<CChar>? = nil, body: consuming ByteBuffer, wantsJSON: Bool
    ) throws(Failure) -> CallResult {
        let limit = try TimeLimit(milliseconds: shared.pointee.settings.timeout)
        let deadline = limit.deadline
        var lease = try TransferLease(onShardOf: usableTransport(), shared.pointee.settings)
        try lease.prepare(endpoint, shared.pointee.settings, body: body)
        var schedule = RetrySchedule(shared.pointee.settings)
        while true {
            let sentAt = BootTime.now
            let attempt = try lease.run(until: deadline, shared.pointee.settings)
            if let pause = schedule.next(after: attempt, before: deadline) {
                lease.countAttempt(after: pause)
                try lease.pause(milliseconds: pause)
                continue
            }
            // A reply that arrived while the client was being cancelled no longer counts. In a forked child, neither
            // does the reply to its parent's request.
            if isCancelled || lease.transport.isInheritedByNow { throw lease.transport.cancellation }
            let now = BootTime.now
            if attempt.hasReply, !lease.hasTimeToRead(within: limit, at: now) {
                let timeout = shared.pointee.settings.timeout
                throw Failure(.timeout, "the reply came too late to be read within \(timeout) ms (timeout_ms)")
            }
            let answer = try lease.read(endpoint, device: device, attempt, at: now, shared.pointee.settings)
            // The same holds for a cancellation or fork that happened while the reply was being read.
            if isCancelled || lease.transport.isInherited { throw lease.transport.cancellation }
            let json = wantsJSON ? lease.takeReply() : nil
            return CallResult(status: answer.status, isAllowed: answer.isAllowed, sentAt: sentAt, json: json)
        }
    }

    /// Checks the device id and runs an operation on that device.
    func perform(
        _ endpoint: Endpoint, device raw: UnsafePointer<CChar>?, wantsJSON: Bool
    ) throws(Failure) -> CallResult {
        let device = try DeviceID(raw)
        return try perform(endpoint, device: raw, body: device.requestBody(), wantsJSON: wantsJSON)
    }

    /// Validates many devices. Every flag in `allowed` must be 0 on entry; after a failure all of them are 0 again.
    func validate(
        _ devices: UnsafePointer<UnsafePointer<CChar>?>, count: Int, allowed: UnsafeMutablePointer<Int32>,
        wantsJSON: Bool
    ) throws(Failure) -> CallResult {
        do throws(Failure) {
            var batch = try Batch(self, devices, count: count, allowed: allowed, wantsJSON: wantsJSON)
            try batch.run()
            let json = try batch.results.takeJSON()
            if isCancelled || batch.transport.isInherited {
                CPlatform.free(json)
                throw batch.transport.cancellation
            }
            return CallResult(status: batch.results.status, json: json)
        } catch {
            Batch.denyAll(allowed, count)
            throw error
        }
    }
}
