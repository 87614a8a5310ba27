import CMicrohttpd
import Glibc
import Synchronization

/// The router behind GNU libmicrohttpd: real HTTP, kept alive, over a few threads.
final class Server: Sendable {
    private let router: Router
    private let log: RequestLog?
    private let inFlight = InFlight()
    private let isStopping = Atomic(false)

    init(_ router: Router, log: RequestLog?) {
        self.router = router
        self.log = log
    }

    /// Serves on a listener until `isOver` returns, then finishes what is in flight. false when no thread can be started.
    func run(on listener: Listener, until isOver: () -> Void) -> Bool {
        guard let daemon = start(on: listener.descriptor) else { return false }
        isOver()
        // From now on replies say that their connection ends with them; otherwise busy clients could keep it up for ever.
        isStopping.store(true, ordering: .relaxed)
        close(MHD_quiesce_daemon(daemon))
        inFlight.waitUntilNone(seconds: 5)
        MHD_stop_daemon(daemon)
        return true
    }

    private func start(on listener: CInt) -> OpaquePointer? {
        let threads = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        let context = Unmanaged.passUnretained(self).toOpaque()
        let completed: MHD_RequestCompletedCallback = { context, _, state, _ in Server.finish(context, state) }
        let unescape: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<CChar>?) -> Int = {
            _, _, path in path.map { strlen($0) } ?? 0
        }
        var options = [
            MHD_OptionItem(option: .LISTEN_SOCKET, value: Int(listener), ptr_value: nil),
            MHD_OptionItem(option: .THREAD_POOL_SIZE, value: threads, ptr_value: nil),
            MHD_OptionItem(option: .CONNECTION_LIMIT, value: 16_384, ptr_value: nil),
            MHD_OptionItem(option: .CONNECTION_TIMEOUT, value: 75, ptr_value: nil),
            MHD_OptionItem(
                option: .NOTIFY_COMPLETED, value: unsafeBitCast(completed, to: Int.self), ptr_value: context),
            // Paths are compared as they were sent. Undoing %00 would cut them off.
            MHD_OptionItem(
                option: .UNESCAPE_CALLBACK, value: unsafeBitCast(unescape, to: Int.self), ptr_value: nil),
            MHD_OptionItem(option: .END, value: 0, ptr_value: nil),
        ]
        let flags = MHD_USE_POLL_INTERNAL_THREAD.rawValue | MHD_USE_ITC.rawValue
        return mhd_start_daemon(
            flags, { Server.access($0, $1, path: $2, method: $3, $5, $6, $7) }, context, &options)
    }

    /// libmicrohttpd calls this when the headers of a request are there, for each piece of its body, and for its reply.
    private static func access(
        _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, path: UnsafePointer<CChar>?,
        method: UnsafePointer<CChar>?, _ piece: UnsafePointer<CChar>?, _ pieceSize: UnsafeMutablePointer<Int>?,
        _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> MHD_Result {
        guard let context, let path, let method, let pieceSize, let state else { return .NO }
        let server = Unmanaged<Server>.fromOpaque(context).takeUnretainedValue()
        guard let held = state.pointee else {
            server.inFlight.begin()
            let exchange = Exchange(Request(connection, method: method, path: path))
            state.pointee = Unmanaged.passRetained(exchange).toOpaque()
            return .YES
        }
        let exchange = Unmanaged<Exchange>.fromOpaque(held).takeUnretainedValue()
        guard pieceSize.pointee == 0 else {
            let goesOn = exchange.receive(UnsafeRawBufferPointer(start: piece, count: pieceSize.pointee))
            pieceSize.pointee = 0
            return goesOn ? .YES : .NO
        }
        return server.answer(exchange, on: connection)
    }

    private func answer(_ exchange: Exchange, on connection: OpaquePointer?) -> MHD_Result {
        let (reply, device) = router.answer(exchange.request, exchange.id)
        record(exchange, device: device, status: reply.status, code: reply.code)
        return reply.queue(on: connection, exchange.id, isLast: isStopping.load(ordering: .relaxed))
    }

    /// libmicrohttpd calls this once for each request that it presented, whatever became of it.
    private static func finish(
        _ context: UnsafeMutableRawPointer?, _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) {
        guard let context, let held = state?.pointee else { return }
        state?.pointee = nil
        let server = Unmanaged<Server>.fromOpaque(context).takeUnretainedValue()
        let exchange = Unmanaged<Exchange>.fromOpaque(held).takeRetainedValue()
        if !exchange.isRecorded { server.record(exchange, device: nil, status: nil, code: "aborted") }
        server.inFlight.end()
    }

    private func record(_ exchange: Exchange, device: DeviceID?, status: UInt32?, code: String) {
        exchange.isRecorded = true
        log?.record(exchange.request, exchange.id, device: device, status: status, code: code)
    }
}
