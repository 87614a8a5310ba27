internal import CCurl
internal import CPlatform

/// A libcurl easy handle with all that never changes from call to call set once: this file is where what libcurl may and
/// may not do is written down.
struct Easy: ~Copyable {
    let handle: UnsafeMutableRawPointer

    /// What libcurl says about the last failure; "" when it says nothing.
    let errorText: UnsafeMutablePointer<CChar>

    /// The path that the handle is set up for.
    private var path: UnsafePointer<CChar>?

    private var isForNewConnection = false

    /// The whole URL. The handle only borrows it, and is freed first.
    private var url: CurlURL?

    init() throws(Failure) {
        guard let text = calloc(1, Int(CURL_ERROR_SIZE)) else { throw .outOfMemory }
        guard let made = curl_easy_init() else {
            free(text)
            throw .outOfMemory
        }
        handle = made
        errorText = text.assumingMemoryBound(to: CChar.self)
    }

    /// Sets all that never changes from call to call.
    func configure(
        _ settings: borrowing Settings, sockets: SocketTable, for exchange: UnsafeMutableRawPointer
    ) throws(Failure) {
        var options = EasyOptions(handle)

        // Only the authority, only by HTTP/1.1, over TLS 1.2 or later unless it is on this machine.
        options.set(CURLOPT_PROTOCOLS_STR, text: settings.baseURL.isSecure ? "https" as Literal : "http")
        options.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        options.set(CURLOPT_HTTP09_ALLOWED, 0)
        options.set(CURLOPT_FOLLOWLOCATION, 0)
        options.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))

        options.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        options.set(CURLOPT_SSL_VERIFYPEER, 1)
        options.set(CURLOPT_SSL_VERIFYHOST, 2)
        options.set(CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        options.set(CURLOPT_PROXY_SSL_VERIFYPEER, 1)
        options.set(CURLOPT_PROXY_SSL_VERIFYHOST, 2)
        options.trust(TrustPlaces(settings.trust))
        options.set(CURLOPT_PINNEDPUBLICKEY, text: settings.pinnedPublicKey.pointer)

        // The headers, the org key among them, go to the authority and never to the proxy, which only tunnels.
        options.set(CURLOPT_PROXY, text: settings.proxies.proxy.pointer)
        options.set(CURLOPT_NOPROXY, text: settings.proxies.bypass.pointer)
        options.set(CURLOPT_HTTPPROXYTUNNEL, 1)
        options.set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        options.set(CURLOPT_PROXYHEADER, pointer: settings.headers.connect.list)
        options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // What waits in the TLS layer of a connection that is to be used again must be known: see `beginRequest`.
        let cannotTell = settings.proxies.isSecure || (settings.baseURL.isSecure && !Process.knowsOpenSSL)
        options.set(CURLOPT_FORBID_REUSE, cannotTell ? 1 : 0)

        // A guest: no signals, no waiting for a resolver that hangs, no connection idle for longer than servers like
        // to keep, and none so old that it leads to where the authority was long ago.
        options.set(CURLOPT_NOSIGNAL, 1)
        options.set(CURLOPT_QUICK_EXIT, 1)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout)
        options.set(CURLOPT_MAXAGE_CONN, 30)
        let maxAge = (settings.maxConnectionAge &+ 999) / 1_000
        options.set(CURLOPT_MAXLIFETIME_CONN, maxAge)
        // Or a new connection would lead there as well. libcurl's own is a minute.
        options.set(CURLOPT_DNS_CACHE_TIMEOUT, min(maxAge, 60))
        options.set(CURLOPT_OPENSOCKETDATA, pointer: exchange)
        options.set(CURLOPT_CLOSESOCKETDATA, pointer: sockets.callbackData)
        options.check(ccurl_set_opensocket(handle) { data, _, address in
            guard let data, let address else { return CURL_SOCKET_BAD }
            return Exchange(callbackData: data).openSocket(address)
        })
        options.check(ccurl_set_closesocket(handle) { data, descriptor in
            data.map { SocketTable(callbackData: $0).close(descriptor) } ?? 1
        })

        if Process.knowsOpenSSL {
            options.set(CURLOPT_SSL_CTX_DATA, pointer: sockets.callbackData)
            options.check(ccurl_set_tls_setup(handle) { _, context, data in
                guard let context else { return CURLE_OK }
                ccurl_watch_tls(context, { _, _, type, _, _, _, data in
                    if let data { SocketTable(callbackData: data).noteTLSMessage(type: type) }
                }, data)
                return CURLE_OK
            })
        }

        // libcurl takes a buffer for each transfer and frees it again. Those of its 16 KB come from the system and go back
        // there when many transfers end at once; one of 1 KB malloc keeps at hand, and most replies fit into it.
        options.set(CURLOPT_BUFFERSIZE, 1024)

        options.set(CURLOPT_ERRORBUFFER, pointer: errorText)
        options.set(CURLOPT_WRITEDATA, pointer: exchange)
        options.set(CURLOPT_HEADERDATA, pointer: exchange)
        options.set(CURLOPT_PREREQDATA, pointer: exchange)
        options.check(ccurl_set_receiver(handle, CURLOPT_WRITEFUNCTION) { bytes, _, count, data in
            data.map { Exchange(callbackData: $0).receiveBody(bytes, count: count) } ?? 0
        })
        options.check(ccurl_set_receiver(handle, CURLOPT_HEADERFUNCTION) { line, _, count, data in
            data.map { Exchange(callbackData: $0).receiveHead(line, count: count) } ?? 0
        })
        options.set(CURLOPT_XFERINFODATA, pointer: exchange)
        options.set(CURLOPT_NOPROGRESS, 0)
        options.check(ccurl_set_progress(handle) { data, _, _, _, _ in
            data.map { Exchange(callbackData: $0).look() } ?? 1
        })
        options.check(ccurl_set_prereq(handle) { data, _, _, _, localPort in
            data.map { Exchange(callbackData: $0).beginRequest(localPort: localPort) } ?? CURL_PREREQFUNC_ABORT
        })
        try options.finish()
    }

    deinit {
        let handle = handle
        ForkGate.working { curl_easy_cleanup(handle) }
        free(errorText)
    }

    /// Makes the next transfer a request for `operation`. `body` must stay where it is until the transfer has ended.
    mutating func prepare(
        _ operation: Operation, _ settings: borrowing Settings, body: borrowing ByteBuffer, onNewConnection: Bool
    ) throws(Failure) {
        var options = EasyOptions(handle)
        if isForNewConnection != onNewConnection {
            options.set(CURLOPT_FRESH_CONNECT, onNewConnection ? 1 : 0)
            isForNewConnection = onNewConnection
        }
        if path != operation.path.cString {
            path = nil
            try setOperation(operation, settings)
            path = operation.path.cString
        }
        if operation.method == .post {
            options.set(CURLOPT_POSTFIELDSIZE, body.count)
            options.set(CURLOPT_POSTFIELDS, pointer: UnsafeMutableRawPointer(body.base))
        }
        try options.finish()
    }

    private mutating func setOperation(_ operation: Operation, _ settings: borrowing Settings) throws(Failure) {
        guard let base = settings.baseURL.text.pointer else { throw .outOfMemory }
        let text = try CString(joining: base, operation.path.cString)
        guard let start = text.pointer else { throw .outOfMemory }
        let url = try CurlURL(start, source: Literal("base_url").cString)
        var options = EasyOptions(handle)
        // Taken apart once, and not for each request. But of such a URL libcurl before 8.3 forgets the zone of an address.
        if try url.part(CURLUPART_ZONEID).pointer == nil {
            options.set(CURLOPT_CURLU, pointer: url.pointer)
        } else {
            options.set(CURLOPT_URL, text: start)
        }
        self.url = consume url
        switch operation.method {
        case .get:
            options.set(CURLOPT_HTTPGET, 1)
            options.set(CURLOPT_HTTPHEADER, pointer: settings.headers.get.list)
        case .post:
            options.set(CURLOPT_POST, 1)
            options.set(CURLOPT_HTTPHEADER, pointer: settings.headers.post.list)
        }
        try options.finish()
    }

    /// Whose it is: `Multi.nextEnded` finds that by the handle.
    func note(owner: UnsafeMutableRawPointer) { _ = ccurl_set_pointer(handle, CURLOPT_PRIVATE, owner) }

    var httpStatus: Int { ccurl_get_long(handle, CURLINFO_RESPONSE_CODE) }
    /// The `errno` of the last failure to connect; 0 when there was none.
    var systemError: Int { ccurl_get_long(handle, CURLINFO_OS_ERRNO) }
    /// Whether the connection was to the proxy; nil before libcurl 8.7, which does not say.
    var usedProxy: Bool? {
        let answer = ccurl_used_proxy(handle)
        return answer < 0 ? nil : answer != 0
    }
    var connectStatus: Int { ccurl_get_long(handle, CURLINFO_HTTP_CONNECTCODE) }
    var madeConnection: Bool { ccurl_get_long(handle, CURLINFO_NUM_CONNECTS) != 0 }

    /// What Retry-After asked for, in seconds; 0 when it was not there.
    var retryAfter: Int { Int(truncatingIfNeeded: ccurl_get_offset(handle, CURLINFO_RETRY_AFTER)) }
}
