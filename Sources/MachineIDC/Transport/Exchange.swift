internal import CCurl
internal import CPlatform
internal import Synchronization

/// One request and its reply, with the easy handle that carries both. The transfer that it belongs to reuses it.
///
/// A pointer to shared memory. Two transfers can swap their exchanges: see `Transport+Hedging.swift`.
struct Exchange {
    /// How far the exchange has come, for the message of a time-out.
    enum Progress: UInt8 { case connecting, waiting, reading }

    /// Why this library told libcurl to stop.
    enum Stop {
        case head(HeadFault)
        /// `interrupted`: the driver had to leave, or nobody waits for the exchange any more. `descriptorClosed`: the
        /// host closed descriptors of the library.
        case tooLargeBody, noMemory, interrupted, descriptorClosed
    }

    /// The members that never change or are atomic.
    struct Shared: ~Copyable {
        /// The raw value of a `Progress`.
        let progress = Atomic<UInt8>(Progress.connecting.rawValue)
        /// Whether nobody waits for the exchange any more. libcurl's callbacks read it, and they do not hold the lock.
        let mustStop = Atomic<Bool>(false)
        let sockets: SocketTable
        /// Whether the authority's URL is https.
        let isSecure: Bool
        /// Whether a proxy is set.
        let isProxied: Bool
        let content: Box<Content>

        init(_ settings: borrowing Settings, sockets: SocketTable) throws(Failure) {
            content = try Box(Content())
            self.sockets = sockets
            isSecure = settings.baseURL.isSecure
            isProxied = settings.proxies.isSet
        }
    }

    /// The members that belong to the driver while the transfer is running, and to its caller otherwise.
    struct Content: ~Copyable {
        var easy: Easy
        var endpoint = Endpoint.validate
        /// The request's body.
        var request = ByteBuffer()
        /// The reply's body as far as it has arrived.
        var reply = ByteBuffer()
        var head = ReplyHead()
        /// Reads the body, if it comes in chunks.
        var chunks = ChunkReader()
        /// Set when this library stopped libcurl.
        var stop: Stop?
        /// libcurl's code for the last attempt.
        var code = CURLE_OK
        /// The port at this end of the connection that the request was last sent on.
        var localPort: Int32 = 0
        /// When the request was about to be written.
        var sentAt = MonotonicTime.zero
        /// Whether the easy handle can neither be used nor freed any more, because the host closed libcurl's
        /// descriptors.
        var isUnusable = false

        init() throws(Failure) {
            easy = try Easy()
        }
    }

    let shared: UnsafeMutablePointer<Shared>

    /// Makes an exchange with a configured easy handle.
    init(_ settings: borrowing Settings, sockets: SocketTable) throws(Failure) {
        shared = try allocateShared(Shared(settings, sockets: sockets))
        do throws(Failure) {
            try content.pointee.easy.configure(settings, sockets: sockets, for: shared)
        } catch {
            destroy()
            throw error
        }
    }

    /// The exchange that libcurl passes to a callback.
    init(callbackData: UnsafeMutableRawPointer) {
        shared = callbackData.assumingMemoryBound(to: Shared.self)
    }

    func destroy() { destroyShared(shared) }

    var content: UnsafeMutablePointer<Content> { shared.pointee.content.pointer }

    var progress: Progress { Progress(rawValue: shared.pointee.progress.load(ordering: .relaxed)) ?? .connecting }

    private func record(_ progress: Progress) { shared.pointee.progress.store(progress.rawValue, ordering: .relaxed) }

    /// Takes the connection out of use after a failure. libcurl keeps some connections on which it sent only a part of
    /// a request, for lack of memory; a server would take the next request for the rest of that one. Only the driver
    /// calls this.
    @inline(never)
    func retireConnection() {
        if progress != .connecting { shared.pointee.sockets.retire(localPort: content.pointee.localPort) }
    }

    /// Makes libcurl stop at the next progress callback, because nobody waits for the exchange any more. Any thread may
    /// call it.
    func interrupt() { shared.pointee.mustStop.store(true, ordering: .relaxed) }

    /// Sets up the request. The body is kept until the next `prepare` or `reset`.
    func prepare(
        _ endpoint: Endpoint, _ settings: borrowing Settings, body: consuming ByteBuffer, onNewConnection: Bool = false
    ) throws(Failure) {
        if content.pointee.isUnusable { throw .descriptorClosed }
        content.pointee.request = body
        content.pointee.endpoint = endpoint
        try content.pointee.easy.prepare(
            endpoint, settings, body: content.pointee.request, onNewConnection: onNewConnection)
    }

    /// Sets up a copy of another exchange's request.
    func prepareLike(_ other: Exchange, _ settings: borrowing Settings, onNewConnection: Bool) throws(Failure) {
        var body = ByteBuffer()
        let (base, count) = (other.content.pointee.request.base, other.content.pointee.request.count)
        if let base, !body.append(base, count: count) { throw .outOfMemory }
        try prepare(other.content.pointee.endpoint, settings, body: body, onNewConnection: onNewConnection)
    }

    /// Clears the request and the last attempt, so that another call can use the exchange.
    func reset() {
        content.pointee.request.clear()
        resetAttempt()
    }

    /// Clears the last attempt and keeps the request.
    func resetAttempt() {
        content.pointee.reply.clear()
        content.pointee.head = ReplyHead()
        content.pointee.chunks = ChunkReader()
        content.pointee.stop = nil
        shared.pointee.mustStop.store(false, ordering: .relaxed)
        content.pointee.easy.errorText[0] = 0
        content.pointee.easy.allowKeptConnection()
        content.pointee.code = CURLE_OK
        record(.connecting)
    }

    /// Whether only the end of the connection marks the end of the body, over TLS, where anyone on the way can cause
    /// that end: libcurl 7.88 does not ask TLS whether the server meant it, and later versions do not tell the two ends
    /// apart.
    var endsWithConnection: Bool {
        shared.pointee.isSecure && content.pointee.head.isComplete && !content.pointee.head.isFramed
    }

    /// Whether the reply is complete, as far as its head and its chunks show.
    var isReplyWhole: Bool {
        let head = content.pointee.head
        if head.isChunked, head.mayHaveBody, !content.pointee.chunks.isAtEnd { return false }
        return head.isWhole(withBodyOf: content.pointee.reply.count)
    }

    /// Whether the exchange brought what may be the authority's answer: no outage and no redirect.
    var hasAnswer: Bool {
        let status = content.pointee.head.status
        return content.pointee.stop == nil && content.pointee.code == CURLE_OK && Outage(httpStatus: status) == nil
            && !(300...399).contains(status)
    }

    /// Whether the exchange brought an answer with HTTP 2xx, as every decision is.
    var hasPositiveAnswer: Bool { hasAnswer && (200...299).contains(content.pointee.head.status) }

    /// Whether libcurl has not resolved the host name yet. Only the driver calls this.
    var isResolving: Bool { ccurl_get_offset(content.pointee.easy.handle, CURLINFO_NAMELOOKUP_TIME_T) == 0 }
}

// libcurl's callbacks. They run on the driver's thread.
extension Exchange {
    /// Opens a socket for a connection. libcurl may do that a second time, after a request on a kept connection was
    /// lost.
    func openSocket(_ address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        record(.connecting)
        return shared.pointee.sockets.open(address)
    }

    /// Called when there is a connection and the request is about to be written. Returns CURL_PREREQFUNC_ABORT to give
    /// the connection up.
    ///
    /// Bytes that have already arrived cannot answer this request. libcurl would take a late reply to an earlier
    /// request, waiting on a kept connection, for the reply to this one, so such a connection is given up. Only on the
    /// first use of a TLS connection may there be bytes that belong to TLS: its session tickets. Later, TLS may have
    /// received more than libcurl has read from it.
    ///
    /// The host may also have closed the socket and opened a file of its own under its number. Then nothing is sent
    /// there, and TLS must not send its close_notify there either.
    func beginRequest(localPort: Int32) -> Int32 {
        content.pointee.localPort = localPort
        record(.waiting)
        let now = MonotonicTime.now
        content.pointee.sentAt = now
        let asksTLS = shared.pointee.isSecure && CurlLibrary.knowsOpenSSL
        let mayHoldBytes = shared.pointee.isSecure && content.pointee.easy.madeConnection
        let claim = shared.pointee.sockets.claim(localPort: localPort, mayHoldBytes: mayHoldBytes, at: now)
        if claim == .refused {
            if shared.pointee.sockets.hostClosedDescriptor, asksTLS { ccurl_tls_silence(content.pointee.easy.handle) }
            return CURL_PREREQFUNC_ABORT
        }
        let holdsBytes = asksTLS && !mayHoldBytes && ccurl_tls_has_pending(content.pointee.easy.handle) != 0
        if holdsBytes { return CURL_PREREQFUNC_ABORT }
        shared.pointee.sockets.statistics.count(claim == .first ? .connectionsMade : .connectionsReused)
        if claim == .first, shared.pointee.isSecure { shared.pointee.sockets.statistics.count(.handshakes) }
        return CURL_PREREQFUNC_OK
    }

    /// The progress callback. libcurl calls it now and then, and all the time while a peer keeps it busy. A result
    /// other than 0 makes libcurl stop.
    func runWatchdog() -> Int32 {
        let watchdog = shared.pointee.sockets.watchdog
        guard watchdog.pointee.countCallback() else { return 0 }
        guard shared.pointee.mustStop.load(ordering: .relaxed) || watchdog.pointee.isLate else { return 0 }
        content.pointee.stop = .interrupted
        return 1
    }

    /// Reads one line of the head. Returns `count`, or less to make libcurl stop. libcurl 7.88 also passes on the
    /// trailers of a proxy's reply, before there is a connection; such a reply is refused.
    func receiveHead(_ line: UnsafePointer<CChar>?, count: Int) -> Int {
        guard let line, count > 0, progress != .connecting else { return 0 }
        record(.reading)
        guard let fault = content.pointee.head.take(line, count: count) else { return count }
        content.pointee.stop = .head(fault)
        return 0
    }

    /// Reads a part of the body. Returns `count`, or less to make libcurl stop.
    func receiveBody(_ bytes: UnsafePointer<CChar>?, count: Int) -> Int {
        guard let bytes, count > 0 else { return 0 }
        guard content.pointee.head.isChunked else { return store(bytes, count) ? count : 0 }
        switch content.pointee.chunks.take(bytes, count: count, store: store) {
        case .read: return count
        case .notStored: return 0
        case .fault(let fault):
            content.pointee.stop = .head(fault)
            return 0
        }
    }

    /// Stores a part of the decoded body. Returns false when there is no room for it.
    private func store(_ bytes: UnsafePointer<CChar>, _ count: Int) -> Bool {
        if content.pointee.reply.count &+ count > content.pointee.endpoint.maximumReplyBytes {
            content.pointee.stop = .tooLargeBody
            return false
        }
        if content.pointee.reply.append(bytes, count: count) { return true }
        content.pointee.stop = .noMemory
        return false
    }
}
