internal import CCurl
internal import CPlatform
internal import Synchronization

/// One request and its reply, from the caller who asks to libcurl and back. Kept and used again, with its easy handle,
/// by the transport it belongs to.
///
/// A pointer to shared memory, in three parts by who may touch them.
struct Transfer: Linked {
    enum Stage { case idle, queued, running, ended }

    /// How far the exchange came, for the message when time runs out.
    enum Progress: UInt8 { case connecting, waiting, reading }

    /// Why libcurl was told to stop.
    enum Stop {
        case head(HeadFault)
        case tooLargeBody, noMemory, cutShort, robbed
    }

    /// What never changes.
    struct Shared: ~Copyable {
        /// Woken when the stage may have changed, or the client was cancelled.
        let caller: Sleeper
        let progress = Atomic<UInt8>(Progress.connecting.rawValue)
        /// Whether nobody waits for it any more: for libcurl's callbacks, which do not hold the lock.
        let isUnwanted = Atomic<Bool>(false)
        let sockets: SocketTable
        let isSecure: Bool
        let isProxied: Bool
        let exchange: Box<Exchange>
        let place: Box<Place>

        init(_ settings: borrowing Settings, sockets: SocketTable) throws(Failure) {
            let caller = try Sleeper()
            let exchange = try Box(Exchange())
            let place = try Box(Place())
            self.caller = caller
            self.exchange = exchange
            self.place = place
            self.sockets = sockets
            isSecure = settings.baseURL.isSecure
            isProxied = settings.proxies.isSet
        }
    }

    /// The driver's while the transfer is `running`, and the caller's otherwise.
    struct Exchange: ~Copyable {
        var easy: Easy
        var request = ByteBuffer()
        var reply = ByteBuffer()
        var head = ReplyHead()
        var maximumReplyBytes = 0
        var stop: Stop?
        var code = CURLE_OK
        /// Of the connection that the request went out on last, this end's.
        var localPort: Int32 = 0
        /// Whether its easy handle can neither be used nor freed any more.
        var isLost = false

        init() throws(Failure) {
            easy = try Easy()
        }
    }

    /// Where it stands among the others: what the transport's lock guards.
    struct Place: ~Copyable {
        var stage = Stage.idle
        var isAbandoned = false
        /// The group it is under way in.
        var group: TransferGroup?
        var links = Links<Transfer>()
    }

    let shared: UnsafeMutablePointer<Shared>

    init(_ settings: borrowing Settings, sockets: SocketTable) throws(Failure) {
        shared = try allocate(Shared(settings, sockets: sockets))
        do throws(Failure) {
            try exchange.pointee.easy.configure(settings, sockets: sockets, for: shared)
        } catch {
            destroy()
            throw error
        }
    }

    init(callbackData: UnsafeMutableRawPointer) {
        shared = callbackData.assumingMemoryBound(to: Shared.self)
    }

    @inline(never)
    func destroy() { deallocate(shared) }

    var exchange: UnsafeMutablePointer<Exchange> { shared.pointee.exchange.pointer }
    var place: UnsafeMutablePointer<Place> { shared.pointee.place.pointer }

    var links: Links<Transfer> {
        get { place.pointee.links }
        nonmutating set { place.pointee.links = newValue }
    }

    static func == (one: Transfer, other: Transfer) -> Bool { one.shared == other.shared }

    var easyHandle: UnsafeMutableRawPointer { exchange.pointee.easy.handle }

    /// Whether it is the end of the connection that ends the body, where anybody on the way can bring that about: libcurl
    /// 7.88 does not ask TLS whether the server meant it, and later ones do not tell one such end from another.
    var endsAnywhere: Bool {
        shared.pointee.isSecure && exchange.pointee.head.isComplete && !exchange.pointee.head.isFramed
    }

    var progress: Progress { Progress(rawValue: shared.pointee.progress.load(ordering: .relaxed)) ?? .connecting }

    /// Whether libcurl does not know yet where to connect to. For the driver.
    var isResolving: Bool { ccurl_get_offset(easyHandle, CURLINFO_NAMELOOKUP_TIME_T) == 0 }

    /// Wakes whoever waits for it. Locked.
    func wake() {
        if let group = place.pointee.group {
            group.shared.pointee.caller.wake()
        } else {
            shared.pointee.caller.wake()
        }
    }

    /// After a failure: libcurl keeps some connections on which it has sent a part of a request, for want of memory. What
    /// goes out next there would be taken for the rest. For the driver.
    @inline(never)
    func spendConnection() {
        if progress != .connecting { shared.pointee.sockets.spend(localPort: exchange.pointee.localPort) }
    }

    /// Nobody waits for it any more: ends what its peer keeps libcurl busy with.
    func cutShort() { shared.pointee.isUnwanted.store(true, ordering: .relaxed) }

    /// Sets up the request. The transfer keeps the body until it is prepared again or recycled.
    func prepare(_ operation: Operation, _ settings: borrowing Settings, body: consuming ByteBuffer) throws(Failure) {
        if exchange.pointee.isLost { throw .robbed }
        exchange.pointee.request = body
        exchange.pointee.maximumReplyBytes = operation.maximumReplyBytes
        try exchange.pointee.easy.prepare(operation, settings, body: exchange.pointee.request)
    }

    /// Forgets the call it was for.
    func recycle() {
        exchange.pointee.request.clear()
        rewind()
    }

    /// Forgets the last attempt; the request stays.
    func rewind() {
        exchange.pointee.reply.clear()
        exchange.pointee.head = ReplyHead()
        exchange.pointee.stop = nil
        shared.pointee.isUnwanted.store(false, ordering: .relaxed)
        exchange.pointee.easy.errorText[0] = 0
        exchange.pointee.code = CURLE_OK
        shared.pointee.progress.store(Progress.connecting.rawValue, ordering: .relaxed)
    }
}

// What libcurl calls while the transfer runs, on the driver's thread.
extension Transfer {
    /// Opens a socket to connect with. libcurl may do so a second time, after a request on a kept connection was lost.
    func openSocket(_ address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        shared.pointee.progress.store(Progress.connecting.rawValue, ordering: .relaxed)
        return shared.pointee.sockets.open(address)
    }

    /// Called when there is a connection and the request is about to be written.
    ///
    /// Bytes that have come in already answer nothing that this transfer asked. libcurl would take a late reply to an
    /// earlier request, waiting in a kept connection, for the reply to this one; so the connection is given up. Only
    /// during the first use of a TLS connection are there bytes that must be left to TLS: its session tickets. Later, TLS
    /// may have taken in more than libcurl has asked it for.
    ///
    /// And the host may have closed the socket, and opened a file of its own under its number: nothing is sent there, and
    /// TLS does not say goodbye there.
    func beginRequest(localPort: Int32) -> Int32 {
        exchange.pointee.localPort = localPort
        shared.pointee.progress.store(Progress.waiting.rawValue, ordering: .relaxed)
        let asksTLS = shared.pointee.isSecure && Process.knowsOpenSSL
        let mayHoldBytes = shared.pointee.isSecure && exchange.pointee.easy.madeConnection
        guard shared.pointee.sockets.isFit(localPort: localPort, mayHoldBytes: mayHoldBytes) else {
            if shared.pointee.sockets.isRobbed, asksTLS { ccurl_tls_silence(easyHandle) }
            return CURL_PREREQFUNC_ABORT
        }
        let holdsBytes = asksTLS && !mayHoldBytes && ccurl_tls_has_pending(easyHandle) != 0
        return holdsBytes ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK
    }

    /// Called now and then, and all the time while a peer keeps libcurl busy. Not 0 makes libcurl stop.
    func look() -> Int32 {
        let step = shared.pointee.sockets.step
        guard step.pointee.isTimeToLook() else { return 0 }
        guard shared.pointee.isUnwanted.load(ordering: .relaxed) || step.pointee.isLate else { return 0 }
        exchange.pointee.stop = .cutShort
        return 1
    }

    /// Takes one line of the head. Returns `count`, or less to make libcurl stop. libcurl 7.88 passes on the trailers of a
    /// proxy's reply too, before there is a connection: they are no part of any reply.
    func receiveHead(_ line: UnsafePointer<CChar>?, count: Int) -> Int {
        guard let line, count > 0, progress != .connecting else { return 0 }
        shared.pointee.progress.store(Progress.reading.rawValue, ordering: .relaxed)
        guard let fault = exchange.pointee.head.take(line, count: count) else { return count }
        exchange.pointee.stop = .head(fault)
        return 0
    }

    /// Takes some bytes of the body. Returns `count`, or less to make libcurl stop.
    func receiveBody(_ bytes: UnsafePointer<CChar>?, count: Int) -> Int {
        guard let bytes, count > 0 else { return 0 }
        if exchange.pointee.reply.count &+ count > exchange.pointee.maximumReplyBytes {
            exchange.pointee.stop = .tooLargeBody
            return 0
        }
        if exchange.pointee.reply.append(bytes, count: count) { return count }
        exchange.pointee.stop = .noMemory
        return 0
    }
}
