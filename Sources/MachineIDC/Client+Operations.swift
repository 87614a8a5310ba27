internal import CPlatform

extension Client {
    /// What a call came to, and the words when they were asked for.
    struct Response: ~Copyable {
        let status: Status
        let isAllow: Bool
        /// When the question was sent that the answer is to, on the clock of ages.
        let askedAt: Int64
        /// malloc'd; the caller's.
        let json: UnsafeMutablePointer<CChar>?

        init(status: Status, isAllow: Bool = false, askedAt: Int64 = 0, json: UnsafeMutablePointer<CChar>?) {
            self.status = status
            self.isAllow = isAllow
            self.askedAt = askedAt
            self.json = json
        }
    }

    /// Asks the authority, again where that may help, until there is an answer or the deadline has passed.
    ///
    /// - Parameters:
    ///   - device: the one asked about; NULL for an operation without one.
    ///   - body: what to send; empty for an operation without one.
    func perform(
        _ operation: Operation, device: UnsafePointer<CChar>? = nil, body: consuming ByteBuffer, wantsJSON: Bool
    ) throws(Failure) -> Response {
        let limit = try TimeLimit(milliseconds: state.pointee.settings.timeout)
        let deadline = limit.deadline
        var call = try Call(onShardOf: usableTransport(), state.pointee.settings)
        try call.prepare(operation, state.pointee.settings, body: body)
        var schedule = RetrySchedule(state.pointee.settings)
        while true {
            let askedAt = Clock.ofAges
            let attempt = try call.attempt(until: deadline, state.pointee.settings)
            if let pause = schedule.next(after: attempt, before: deadline) {
                try call.pause(milliseconds: pause)
                continue
            }
            // Whatever came in while the client was being cancelled no longer counts, nor what answers a parent's question.
            if isCancelled || call.transport.isInherited { throw call.transport.cancellation }
            if attempt.hasReply, !call.hasTimeToRead(within: limit) {
                throw Failure(
                    .timeout, "the reply came too late to be read within \(state.pointee.settings.timeout) ms (timeout_ms)")
            }
            let answer = try call.read(operation, device: device, attempt, state.pointee.settings)
            // Nor one that was being read then.
            if isCancelled || call.transport.isInherited { throw call.transport.cancellation }
            let json = wantsJSON ? call.takeReply() : nil
            return Response(status: answer.status, isAllow: answer.isAllow, askedAt: askedAt, json: json)
        }
    }

    func perform(_ operation: Operation, device raw: UnsafePointer<CChar>?, wantsJSON: Bool) throws(Failure) -> Response {
        let device = try DeviceID(raw)
        return try perform(operation, device: raw, body: device.requestBody(), wantsJSON: wantsJSON)
    }

    /// Validates many devices. `allowed` is 0 for each beforehand.
    func validate(
        _ devices: UnsafePointer<UnsafePointer<CChar>?>, count: Int, allowed: UnsafeMutablePointer<Int32>, wantsJSON: Bool
    ) throws(Failure) -> Response {
        do throws(Failure) {
            var batch = try Batch(self, devices, count: count, allowed: allowed, wantsJSON: wantsJSON)
            try batch.run()
            let json = try batch.verdicts.takeJSON()
            if isCancelled || batch.transport.isInherited {
                free(json)
                throw batch.transport.cancellation
            }
            return Response(status: batch.verdicts.status, json: json)
        } catch {
            denyAll(allowed, count)
            throw error
        }
    }
}
