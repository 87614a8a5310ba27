import CMicrohttpd
import Glibc
import Synchronization

/// Serves the router over HTTP with GNU libmicrohttpd: persistent connections and a few threads.
final class Server: Sendable {
    private let router: Router
    private let held: HeldConnections
    /// How many requests are being answered.
    private let inFlight = Monitor(0)
    /// Whether replies are to close their connections.
    private let isStopping = Atomic(false)

    /// nil when no thread can be started.
    init?(_ router: Router) {
        guard let held = HeldConnections() else { return nil }
        self.router = router
        self.held = held
    }

    /// Serves until `waitForEnd` returns, then waits up to 5 seconds for the requests in progress. Returns false when
    /// no thread can be started.
    func run(on listener: Listener, until waitForEnd: () -> Void) -> Bool {
        guard let daemon = start(on: listener.descriptor) else { return false }
        waitForEnd()
        // From now on replies close their connection; otherwise busy clients could keep the emulator running for ever.
        isStopping.store(true, ordering: .relaxed)
        close(MHD_quiesce_daemon(daemon))
        held.stop()
        inFlight.wait(seconds: 5) { $0 == 0 }
        MHD_stop_daemon(daemon)
        return true
    }

    /// Starts libmicrohttpd on a listening socket; nil when that fails.
    private func start(on listener: CInt) -> OpaquePointer? {
        let context = Unmanaged.passUnretained(self).toOpaque()
        // An option takes a function as a number.
        let completed: MHD_RequestCompletedCallback = { context, _, state, _ in Server.complete(context, state) }
        let unescape: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<CChar>?) -> Int = {
            _, _, path in path.map { strlen($0) } ?? 0
        }
        let threads = min(max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))), 8)
        var options = [
            MHD_OptionItem(option: .LISTEN_SOCKET, value: Int(listener), ptr_value: nil),
            MHD_OptionItem(option: .THREAD_POOL_SIZE, value: threads, ptr_value: nil),
            MHD_OptionItem(option: .CONNECTION_LIMIT, value: raiseDescriptorLimit(), ptr_value: nil),
            // How long a connection may be idle, in seconds.
            MHD_OptionItem(option: .CONNECTION_TIMEOUT, value: 75, ptr_value: nil),
            MHD_OptionItem(
                option: .NOTIFY_COMPLETED, value: unsafeBitCast(completed, to: Int.self), ptr_value: context),
            // Paths are compared as they were sent. Decoding %00 would cut them off.
            MHD_OptionItem(option: .UNESCAPE_CALLBACK, value: unsafeBitCast(unescape, to: Int.self), ptr_value: nil),
            MHD_OptionItem(option: .END, value: 0, ptr_value: nil),
        ]
        // poll and not epoll: libmicrohttpd 0.9.75 takes 128 events at a time, and when it gets that many, it waits for
        // more before it serves them. With 128 busy connections on a thread, epoll served 60 requests a second, and
        // poll 52,000.
        return mhd_start_daemon(
            MHD_USE_POLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue,
            { Server.access($0, $1, path: $2, method: $3, $5, $6, $7) }, context, &options)
    }

    /// libmicrohttpd calls this when the headers of a request have arrived, for each piece of its body, and for its
    /// reply.
    private static func access(
        _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, path: UnsafePointer<CChar>?,
        method: UnsafePointer<CChar>?, _ piece: UnsafePointer<CChar>?, _ pieceSize: UnsafeMutablePointer<Int>?,
        _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> MHD_Result {
        guard let context, let connection, let path, let method, let pieceSize, let state else { return .NO }
        let server = Unmanaged<Server>.fromOpaque(context).takeUnretainedValue()
        guard let held = state.pointee else {
            server.inFlight.withLock { $0 += 1 }
            let exchange = Exchange(Request(connection, method: method, path: path))
            state.pointee = Unmanaged.passRetained(exchange).toOpaque()
            // A reply before the body has been read closes the connection.
            return exchange.request.body.isBeyondDraining ? server.answer(exchange, on: connection) : .YES
        }
        let exchange = Unmanaged<Exchange>.fromOpaque(held).takeUnretainedValue()
        guard pieceSize.pointee > 0 else { return server.answerAfterFault(exchange, on: connection) }
        exchange.request.body.append(UnsafeRawBufferPointer(start: piece, count: pieceSize.pointee))
        pieceSize.pointee = 0
        // No reply can be given in the middle of a body.
        return exchange.request.body.isBeyondDraining ? .NO : .YES
    }

    /// Answers a request whose body has been read, after the fault that a scenario has for it.
    private func answerAfterFault(_ exchange: Exchange, on connection: OpaquePointer) -> MHD_Result {
        if exchange.isAbandoned { return .NO }
        if !exchange.isExamined {
            exchange.isExamined = true
            exchange.fault = router.fault(for: exchange.request)
            if let delay = exchange.fault?.delay, delay > 0,
                held.hold(exchange, connection, milliseconds: delay)
            {
                return .YES
            }
        }
        switch exchange.fault?.ending {
        case nil, .answer:
            return answer(exchange, on: connection)
        case .refuse(let httpStatus, let retryAfter):
            let step = exchange.fault?.step ?? 0
            let refusal = Refusal.scripted(step, httpStatus: httpStatus, retryAfter: retryAfter)
            return send(Reply(refusal, exchange.id), device(of: exchange), exchange, on: connection)
        case .close:
            record(exchange, device: device(of: exchange), status: nil, code: "closed")
            reset(connection)
            return .NO
        case .hang:
            // It is presented again only when the emulator ends.
            if exchange.isRecorded { return .NO }
            record(exchange, device: device(of: exchange), status: nil, code: "hung")
            return held.hold(exchange, connection, milliseconds: nil) ? .YES : .NO
        }
    }

    private func answer(_ exchange: Exchange, on connection: OpaquePointer?) -> MHD_Result {
        let (reply, device) = router.answer(exchange.request, exchange.id)
        return send(reply, device, exchange, on: connection)
    }

    /// Logs a request and sends its reply.
    private func send(
        _ reply: Reply, _ device: DeviceID?, _ exchange: Exchange, on connection: OpaquePointer?
    ) -> MHD_Result {
        record(exchange, device: device, status: reply.status, code: reply.code)
        return reply.queue(on: connection, exchange.id, isLast: isStopping.load(ordering: .relaxed))
    }

    private func device(of exchange: Exchange) -> DeviceID? { router.device(of: exchange.request) }

    /// libmicrohttpd calls this once for each request that it has presented, however it ended.
    private static func complete(
        _ context: UnsafeMutableRawPointer?, _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) {
        guard let context, let state, let held = state.pointee else { return }
        state.pointee = nil
        let server = Unmanaged<Server>.fromOpaque(context).takeUnretainedValue()
        let exchange = Unmanaged<Exchange>.fromOpaque(held).takeRetainedValue()
        if !exchange.isRecorded {
            // Only a request that has waited is known to be complete.
            let device = exchange.isExamined ? server.device(of: exchange) : nil
            server.record(exchange, device: device, status: nil, code: "aborted")
        }
        server.inFlight.withLock { $0 -= 1 }
    }

    /// Logs a request. `status` is nil when there was no reply.
    private func record(_ exchange: Exchange, device: DeviceID?, status: UInt32?, code: String) {
        exchange.isRecorded = true
        router.record(exchange.request, exchange.id, device: device, status: status, code: code)
    }
}

/// Raises the limit of file descriptors as far as the system allows, and returns for how many connections that is
/// enough. The usual 1024 would be too few for the devices of one large organisation.
private func raiseDescriptorLimit() -> Int {
    let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    getrlimit(descriptors, &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(descriptors, &limit)
    getrlimit(descriptors, &limit)
    let ownUse = 32
    return max(1, Int(min(limit.rlim_cur, 1 << 20)) - ownUse)
}
