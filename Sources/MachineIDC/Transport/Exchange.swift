internal import CCurl
internal import CPlatform
internal import Synchronization

/// One request and its reply in libcurl's hands, with the easy handle that both go through. Kept and used again by the
/// transfer it belongs to.
///
/// A pointer to shared memory. Two transfers may exchange theirs: see `Transport+Hedging.swift`.
struct Exchange {
    /// How far it came, for the message when time runs out.
    enum Progress: UInt8 { case connecting, waiting, reading }

    /// Why libcurl was told to stop.
    enum Stop {
        case head(HeadFault)
        case tooLargeBody, noMemory, cutShort, robbed
    }

    /// What never changes.
    struct Shared: ~Copyable {
        let progress = Atomic<UInt8>(Progress.connecting.rawValue)
        /// Whether nobody waits for it any more: for libcurl's callbacks, which do not hold the lock.
        let isUnwanted = Atomic<Bool>(false)
        let sockets: SocketTable
        let isSecure: Bool
        let isProxied: Bool
        let content: Box<Content>

        init(_ settings: borrowing Settings, sockets: SocketTable) throws(Failure) {
            content = try Box(Content())
            self.sockets = sockets
            isSecure = settings.baseURL.isSecure
            isProxied = settings.proxies.isSet
        }
    }

    /// The driver's while the transfer is running, and the caller's otherwise.
    struct Content: ~Copyable {
        var easy: Easy
        var operation = Operation.validate
        var request = ByteBuffer()
        var reply = ByteBuffer()
        var head = ReplyHead()
        var stop: Stop?
        var code = CURLE_OK
        /// Of the connection that the request went out on last, this end's.
        var localPort: Int32 = 0
        /// When the request was about to be written, on the monotonic clock.
        var askedAt: Int64 = 0
        /// Whether its easy handle can neither be used nor freed any more.
        var isLost = false

        init() throws(Failure) {
            easy = try Easy()
        }
    }

    let shared: UnsafeMutablePointer<Shared>

    init(_ settings: borrowing Settings, sockets: SocketTable) throws(Failure) {
        shared = try allocate(Shared(settings, sockets: sockets))
        do throws(Failure) {
            try content.pointee.easy.configure(settings, sockets: sockets, for: shared)
        } catch {
            destroy()
            throw error
        }
    }

    init(callbackData: UnsafeMutableRawPointer) {
        shared = callbackData.assumingMemoryBound(to: Shared.self)
    }

    func destroy() { deallocate(shared) }

    var content: UnsafeMutablePointer<Content> { shared.pointee.content.pointer }

    var progress: Progress { Progress(rawValue: shared.pointee.progress.load(ordering: .relaxed)) ?? .connecting }

    private func note(_ progress: Progress) { shared.pointee.progress.store(progress.rawValue, ordering: .relaxed) }

    /// After a failure: libcurl keeps some connections on which it has sent a part of a request, for want of memory. What
    /// goes out next there would be taken for the rest. For the driver.
    @inline(never)
    func spendConnection() {
        if progress != .connecting { shared.pointee.sockets.spend(localPort: content.pointee.localPort) }
    }

    /// Nobody waits for it any more: ends what its peer keeps libcurl busy with.
    func cutShort() { shared.pointee.isUnwanted.store(true, ordering: .relaxed) }

    /// Sets up the request, and keeps the body until it is prepared again or recycled.
    func prepare(
        _ operation: Operation, _ settings: borrowing Settings, body: consuming ByteBuffer, onNewConnection: Bool = false
    ) throws(Failure) {
        if content.pointee.isLost { throw .robbed }
        content.pointee.request = body
        content.pointee.operation = operation
        try content.pointee.easy.prepare(
            operation, settings, body: content.pointee.request, onNewConnection: onNewConnection)
    }

    /// Sets up the request that another one has, for a new connection.
    func prepareLike(_ other: Exchange, _ settings: borrowing Settings) throws(Failure) {
        var body = ByteBuffer()
        let (base, count) = (other.content.pointee.request.base, other.content.pointee.request.count)
        if let base, !body.append(base, count: count) { throw .outOfMemory }
        try prepare(other.content.pointee.operation, settings, body: body, onNewConnection: true)
    }

    /// Forgets the call it was for.
    func recycle() {
        content.pointee.request.clear()
        rewind()
    }

    /// Forgets the last attempt; the request stays.
    func rewind() {
        content.pointee.reply.clear()
        content.pointee.head = ReplyHead()
        content.pointee.stop = nil
        shared.pointee.isUnwanted.store(false, ordering: .relaxed)
        content.pointee.easy.errorText[0] = 0
        content.pointee.code = CURLE_OK
        note(.connecting)
    }

    /// Whether it is the end of the connection that ends the body, where anybody on the way can bring that about: libcurl
    /// 7.88 does not ask TLS whether the server meant it, and later ones do not tell one such end from another.
    var endsAnywhere: Bool {
        shared.pointee.isSecure && content.pointee.head.isComplete && !content.pointee.head.isFramed
    }

    /// Whether libcurl does not know yet where to connect to. For the driver.
    var isResolving: Bool { ccurl_get_offset(content.pointee.easy.handle, CURLINFO_NAMELOOKUP_TIME_T) == 0 }
}

// What libcurl calls while it runs, on the driver's thread.
extension Exchange {
    /// Opens a socket to connect with. libcurl may do so a second time, after a request on a kept connection was lost.
    func openSocket(_ address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        note(.connecting)
        return shared.pointee.sockets.open(address)
    }

    /// Called when there is a connection and the request is about to be written.
    ///
    /// Bytes that have come in already answer nothing that this request asked. libcurl would take a late reply to an
    /// earlier request, waiting in a kept connection, for the reply to this one; so the connection is given up. Only
    /// during the first use of a TLS connection are there bytes that must be left to TLS: its session tickets. Later, TLS
    /// may have taken in more than libcurl has asked it for.
    ///
    /// And the host may have closed the socket, and opened a file of its own under its number: nothing is sent there, and
    /// TLS does not say goodbye there.
    func beginRequest(localPort: Int32) -> Int32 {
        content.pointee.localPort = localPort
        note(.waiting)
        let now = Clock.read(CLOCK_MONOTONIC)
        content.pointee.askedAt = now
        let asksTLS = shared.pointee.isSecure && Process.knowsOpenSSL
        let mayHoldBytes = shared.pointee.isSecure && content.pointee.easy.madeConnection
        guard shared.pointee.sockets.isFit(localPort: localPort, mayHoldBytes: mayHoldBytes, at: now) else {
            if shared.pointee.sockets.isRobbed, asksTLS { ccurl_tls_silence(content.pointee.easy.handle) }
            return CURL_PREREQFUNC_ABORT
        }
        let holdsBytes = asksTLS && !mayHoldBytes && ccurl_tls_has_pending(content.pointee.easy.handle) != 0
        return holdsBytes ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK
    }

    /// Called now and then, and all the time while a peer keeps libcurl busy. Not 0 makes libcurl stop.
    func look() -> Int32 {
        let step = shared.pointee.sockets.step
        guard step.pointee.isTimeToLook() else { return 0 }
        guard shared.pointee.isUnwanted.load(ordering: .relaxed) || step.pointee.isLate else { return 0 }
        content.pointee.stop = .cutShort
        return 1
    }

    /// Takes one line of the head. Returns `count`, or less to make libcurl stop. libcurl 7.88 passes on the trailers of a
    /// proxy's reply too, before there is a connection: they are no part of any reply.
    func receiveHead(_ line: UnsafePointer<CChar>?, count: Int) -> Int {
        guard let line, count > 0, progress != .connecting else { return 0 }
        note(.reading)
        guard let fault = content.pointee.head.take(line, count: count) else { return count }
        content.pointee.stop = .head(fault)
        return 0
    }

    /// Takes some bytes of the body. Returns `count`, or less to make libcurl stop.
    func receiveBody(_ bytes: UnsafePointer<CChar>?, count: Int) -> Int {
        guard let bytes, count > 0 else { return 0 }
        if content.pointee.reply.count &+ count > content.pointee.operation.maximumReplyBytes {
            content.pointee.stop = .tooLargeBody
            return 0
        }
        if content.pointee.reply.append(bytes, count: count) { return count }
        content.pointee.stop = .noMemory
        return 0
    }
}
