internal import CPlatform

/// One transfer of a transport, held from `init` until this value is destroyed, and counted among the calls inside the
/// transport meanwhile.
struct TransferLease: ~Copyable {
    let transport: Transport
    /// The transfer; nil when it was abandoned to the driver.
    var transfer: Transfer?

    /// Whether the transfer is for a group.
    private let isInGroup: Bool

    /// Holds a transfer for a group.
    init(on transport: Transport, _ settings: borrowing Settings) throws(Failure) {
        transport.enter(isInGroup: true)
        self.transport = transport
        isInGroup = true
        transfer = try transport.takeTransfer(settings, isInGroup: true)
    }

    /// Holds a transfer for a call of its own, on the transport or one of its shards.
    init(onShardOf transport: Transport, _ settings: borrowing Settings) throws(Failure) {
        self.transport = transport.enterShard()
        isInGroup = false
        transfer = try self.transport.takeTransfer(settings, isInGroup: false)
    }

    deinit { transport.returnTransfer(transfer, isInGroup: isInGroup) }

    /// Sets up the request.
    func prepare(_ endpoint: Endpoint, _ settings: borrowing Settings, body: consuming ByteBuffer) throws(Failure) {
        try transfer?.exchange.prepare(endpoint, settings, body: body)
    }

    /// Makes one attempt. Returns when it has ended, with or without a reply; throws when the deadline has passed or
    /// the client was cancelled.
    mutating func run(until deadline: MonotonicTime, _ settings: borrowing Settings) throws(Failure) -> AttemptResult {
        guard let current = transfer else { throw .cancelled }
        current.exchange.resetAttempt()
        switch transport.runTransfer(&transfer, until: deadline, settings) {
        case .ended: return AttemptResult(current.exchange)
        case .cancelled: throw transport.cancellation
        case .timedOut(let progress):
            throw Failure(.timeout, "no answer within \(settings.timeout) ms (timeout_ms): \(progress.text)")
        }
    }

    /// Whether the transfer cannot be used any more.
    var isUnusable: Bool { transfer?.exchange.content.pointee.isUnusable ?? true }

    /// Counts a further attempt, which is made after this pause.
    func countAttempt(after milliseconds: Int) { transport.statistics.count(milliseconds == 0 ? .resends : .retries) }

    /// Waits before the next attempt. Throws when the client is cancelled meanwhile.
    func pause(milliseconds: Int) throws(Failure) {
        guard let transfer else { throw .cancelled }
        guard transport.pause(transfer, until: .after(milliseconds: milliseconds)) else { throw transport.cancellation }
    }

    /// Whether there is time left to read the reply of the last attempt. jansson takes up to 40 ns for each byte and
    /// cannot be interrupted: 170 ms for the largest list.
    func hasTimeToRead(within limit: TimeLimit, at now: BootTime) -> Bool {
        guard let count = transfer?.exchange.content.pointee.reply.count else { return true }
        return count / 25_000 < limit.remainingMilliseconds(at: now)
    }

    /// Reads the reply of the last attempt, or throws why there is none.
    ///
    /// - Parameter device: the device that the request named, as the caller wrote it; NULL for an operation without
    ///   one.
    func read(
        _ endpoint: Endpoint, device: UnsafePointer<CChar>?, _ attempt: AttemptResult, at now: BootTime,
        _ settings: borrowing Settings
    ) throws(Failure) -> Answer {
        guard let exchange = transfer?.exchange else { throw .cancelled }
        if let kind = attempt.failureKind { throw exchange.failure(kind, attempt.code, settings) }
        // Anyone on the way can end a connection, and with it a reply whose end is marked only by that. The reply of an
        // outage is accepted all the same, because it decides nothing.
        guard !exchange.endsWithConnection || Outage(httpStatus: attempt.httpStatus) != nil else {
            throw Failure(.badReply, "the reply (HTTP \(attempt.httpStatus)) does not say where it ends")
        }
        guard attempt.httpStatus == exchange.content.pointee.easy.httpStatus else {
            throw Failure(.badReply, "the reply's status line can be read in two ways")
        }
        do throws(Failure) {
            let answer = try Answer(
                to: endpoint, device: device, httpStatus: attempt.httpStatus, retryAfter: attempt.retryAfter,
                body: exchange.content.pointee.reply.base, count: exchange.content.pointee.reply.count)
            transport.statistics.count(answer, at: now)
            return answer
        } catch {
            // This may be the answer to an earlier request, and the answer to this one may still be on its way.
            if error.status != .unavailable { exchange.shared.pointee.sockets.retireAll() }
            throw error
        }
    }

    /// The reply, malloc'd. The caller takes ownership.
    func takeReply() -> UnsafeMutablePointer<CChar>? {
        transfer?.exchange.content.pointee.reply.take()
    }
}

extension Exchange.Progress {
    /// The text for a time-out message.
    fileprivate var text: Literal {
        switch self {
        case .connecting: "not connected yet"
        case .waiting: "connected, and no reply has begun"
        case .reading: "the reply has begun and is not complete"
        }
    }
}
