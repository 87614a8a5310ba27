internal import CPlatform

extension Client {
    /// An answer, and the authority's own words when they were asked for.
    struct Response: ~Copyable {
        let answer: Answer
        /// malloc'd; the caller's.
        let json: UnsafeMutablePointer<CChar>?
    }

    /// Asks the authority, again where that may help, until there is an answer or the deadline has passed.
    ///
    /// - Parameter body: what to send; empty for an operation without one.
    func perform(_ operation: Operation, body: consuming ByteBuffer, wantsJSON: Bool) throws(Failure) -> Response {
        let deadline = Deadline.after(milliseconds: state.pointee.settings.timeout)
        var call = try Call(on: usableTransport(), state.pointee.settings)
        try call.prepare(operation, state.pointee.settings, body: body)
        var schedule = RetrySchedule(state.pointee.settings)
        while true {
            let attempt = try call.attempt(until: deadline, state.pointee.settings)
            if let pause = schedule.next(after: attempt, before: deadline) {
                try call.pause(milliseconds: pause)
                continue
            }
            let answer = try call.read(operation, attempt)
            // An answer that came in while the client was being cancelled no longer counts.
            if isCancelled { throw .cancelled }
            return Response(answer: answer, json: wantsJSON ? call.takeReply() : nil)
        }
    }

    func perform(_ operation: Operation, device raw: UnsafePointer<CChar>?, wantsJSON: Bool) throws(Failure) -> Response {
        let device = try DeviceID(raw)
        return try perform(operation, body: device.requestBody(), wantsJSON: wantsJSON)
    }
}
