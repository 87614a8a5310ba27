internal import CCurl
internal import CPlatform
internal import Synchronization

/// One request and its reply, from the caller who asks to libcurl and back. Kept and used again, with its easy handle,
/// by the transport it belongs to.
///
/// A pointer to shared state. Who may touch what goes by `stage`, which the transport's lock guards: while a transfer is
/// `running` it is the driver's, and otherwise the caller's.
struct Transfer: Equatable {
    enum Stage { case idle, queued, running, ended }

    /// How far the exchange came, for the message when time runs out.
    enum Progress: UInt8 { case connecting, waiting, reading }

    /// Why libcurl was told to stop.
    enum Excess { case none, head, body, memory }

    struct State: ~Copyable {
        var easy: Easy
        let sockets: SocketTable
        let isSecure: Bool
        let changed: Condition
        var request = ByteBuffer()
        var reply = ByteBuffer()
        var headBytes = 0
        var headIsComplete = false
        var maximumReplyBytes = 0
        var excess = Excess.none
        var code = CURLE_OK
        let progress = Atomic<UInt8>(Progress.connecting.rawValue)

        // Under the transport's lock:
        var stage = Stage.idle
        var isAbandoned = false
        var previous: Transfer?
        var next: Transfer?

        init(_ settings: borrowing Settings, sockets: SocketTable, at home: UnsafeMutableRawPointer) throws(Failure) {
            let changed = try Condition()
            let easy = try Easy()
            try easy.configure(settings, sockets: sockets, for: home)
            self.changed = changed
            self.easy = easy
            self.sockets = sockets
            isSecure = settings.baseURL.isSecure
        }
    }

    let state: UnsafeMutablePointer<State>

    init(_ settings: borrowing Settings, sockets: SocketTable) throws(Failure) {
        guard let memory = malloc(MemoryLayout<State>.size) else { throw .outOfMemory }
        do throws(Failure) {
            let made = try State(settings, sockets: sockets, at: memory)
            state = memory.assumingMemoryBound(to: State.self)
            state.initialize(to: made)
        } catch {
            free(memory)
            throw error
        }
    }

    init(callbackData: UnsafeMutableRawPointer) {
        state = callbackData.assumingMemoryBound(to: State.self)
    }

    func destroy() {
        state.deinitialize(count: 1)
        free(state)
    }

    static func == (one: Transfer, other: Transfer) -> Bool { one.state == other.state }

    var easyHandle: UnsafeMutableRawPointer { state.pointee.easy.handle }

    var progress: Progress { Progress(rawValue: state.pointee.progress.load(ordering: .relaxed)) ?? .connecting }

    /// Sets up the request. The transfer keeps the body until it is prepared again or recycled.
    func prepare(_ operation: Operation, _ settings: borrowing Settings, body: consuming ByteBuffer) throws(Failure) {
        state.pointee.request = body
        state.pointee.maximumReplyBytes = operation.maximumReplyBytes
        try state.pointee.easy.prepare(operation, settings, body: state.pointee.request)
    }

    /// Forgets the call it was for.
    func recycle() {
        state.pointee.request.clear()
        rewind()
    }

    /// Forgets the last attempt; the request stays.
    func rewind() {
        state.pointee.reply.clear()
        state.pointee.headBytes = 0
        state.pointee.headIsComplete = false
        state.pointee.excess = .none
        state.pointee.code = CURLE_OK
        state.pointee.progress.store(Progress.connecting.rawValue, ordering: .relaxed)
    }
}

// What libcurl calls while the transfer runs, on the driver's thread.
extension Transfer {
    private static var maximumHeadBytes: Int { 64 * 1024 }

    /// Called when there is a connection and the request is about to be written.
    ///
    /// Bytes that have come in already answer nothing that this transfer asked. libcurl would take a late reply to an
    /// earlier request, waiting in a kept connection, for the reply to this one; so the connection is given up. Only
    /// during the first use of a TLS connection are there bytes that must be left to TLS: its session tickets.
    func beginRequest(localPort: Int32) -> Int32 {
        state.pointee.progress.store(Progress.waiting.rawValue, ordering: .relaxed)
        if state.pointee.isSecure, state.pointee.easy.madeConnection { return CURL_PREREQFUNC_OK }
        return state.pointee.sockets.hasUnreadBytes(localPort: localPort) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK
    }

    /// Takes one line of the head, or of the trailers of a chunked body.
    func receiveHead(_ line: UnsafePointer<CChar>?, count: Int) -> Int {
        state.pointee.progress.store(Progress.reading.rawValue, ordering: .relaxed)
        if count <= 2 {
            state.pointee.headIsComplete = true
        } else if let line, strncmp(line, Literal("HTTP/").cString, min(count, 5)) == 0 {
            // The real head after one with status 100 to 199.
            state.pointee.headIsComplete = false
        }
        state.pointee.headBytes &+= count
        if state.pointee.headBytes <= Transfer.maximumHeadBytes { return count }
        state.pointee.excess = .head
        return 0
    }

    func receiveBody(_ bytes: UnsafePointer<CChar>?, count: Int) -> Int {
        guard let bytes, count > 0 else { return 0 }
        if state.pointee.reply.count &+ count > state.pointee.maximumReplyBytes {
            state.pointee.excess = .body
            return 0
        }
        if state.pointee.reply.append(bytes, count: count) { return count }
        state.pointee.excess = .memory
        return 0
    }
}
