internal import CPlatform

/// One call's hold on a transport: its transfer, and its place among the calls that are inside, until it goes.
struct Call: ~Copyable {
    let transport: Transport
    /// None once it was abandoned to the thread that drives it.
    var transfer: Transfer?

    /// Whether it is one of a group's.
    private let isGroups: Bool

    /// One of a group's.
    init(on transport: Transport, _ settings: borrowing Settings) throws(Failure) {
        transport.enter(isGroups: true)
        self.transport = transport
        isGroups = true
        transfer = try transport.begin(settings, isGroups: true)
    }

    init(onShardOf transport: Transport, _ settings: borrowing Settings) throws(Failure) {
        self.transport = transport.enterWhereFree()
        isGroups = false
        transfer = try self.transport.begin(settings, isGroups: false)
    }

    deinit { transport.end(transfer, isGroups: isGroups) }

    func prepare(_ operation: Operation, _ settings: borrowing Settings, body: consuming ByteBuffer) throws(Failure) {
        try transfer?.exchange.prepare(operation, settings, body: body)
    }

    /// One attempt. Returns when it has ended, well or badly; throws when the caller has to leave.
    mutating func attempt(until deadline: Deadline, _ settings: borrowing Settings) throws(Failure) -> Attempt {
        guard let current = transfer else { throw .cancelled }
        current.exchange.rewind()
        switch transport.run(&transfer, until: deadline, settings) {
        case .ended: return Attempt(current.exchange)
        case .cancelled: throw transport.cancellation
        case .timedOut(let progress):
            throw Failure(.timeout, "no answer within \(settings.timeout) ms (timeout_ms): \(progress.text)")
        }
    }

    /// Whether its transfer can never be used again.
    var isLost: Bool { transfer?.exchange.content.pointee.isLost ?? true }

    func pause(milliseconds: Int) throws(Failure) {
        guard let transfer else { throw .cancelled }
        guard transport.pause(transfer, until: .after(milliseconds: milliseconds)) else { throw transport.cancellation }
    }

    /// Whether the reply of the last attempt can be read by then, and has not come too late itself. jansson takes up to
    /// 40 ns for a byte, and cannot be stopped: 170 ms for the largest list.
    func hasTimeToRead(within limit: TimeLimit) -> Bool {
        guard let count = transfer?.exchange.content.pointee.reply.count else { return true }
        return count / 25_000 < limit.remainingMilliseconds
    }

    /// Reads what the last attempt came to.
    ///
    /// - Parameter device: the one asked about; NULL for an operation without one.
    func read(
        _ operation: Operation, device: UnsafePointer<CChar>?, _ attempt: Attempt, _ settings: borrowing Settings
    ) throws(Failure) -> Answer {
        guard let exchange = transfer?.exchange else { throw .cancelled }
        if let kind = attempt.failureKind { throw exchange.failure(kind, attempt.code, settings) }
        // Anybody on the way can end a connection, and with it a reply that says no other end; but that of an outage counts for
        // nothing.
        guard !exchange.endsAnywhere || Outage(httpStatus: attempt.httpStatus) != nil else {
            throw Failure(.badReply, "the reply (HTTP \(attempt.httpStatus)) does not say where it ends")
        }
        guard attempt.httpStatus == exchange.content.pointee.easy.httpStatus else {
            throw Failure(.badReply, "the reply's status line can be read in two ways")
        }
        do throws(Failure) {
            return try Answer(
                to: operation, device: device, httpStatus: attempt.httpStatus, retryAfter: attempt.retryAfter,
                body: exchange.content.pointee.reply.base, count: exchange.content.pointee.reply.count)
        } catch {
            // It may be the answer to another question, and then that to this one is still to come.
            if error.status != .unavailable { exchange.shared.pointee.sockets.suspectAll() }
            throw error
        }
    }

    /// The reply, malloc'd, which is the caller's from now on.
    func takeReply() -> UnsafeMutablePointer<CChar>? {
        transfer?.exchange.content.pointee.reply.take()
    }
}

extension Exchange.Progress {
    fileprivate var text: Literal {
        switch self {
        case .connecting: "not connected yet"
        case .waiting: "connected, and no reply has begun"
        case .reading: "the reply has begun and is not complete"
        }
    }
}
