internal import CCurl
internal import CPlatform

/// A libcurl easy handle. The options that never change from call to call are set once; this file defines what libcurl
/// may and may not do.
struct Easy: ~Copyable {
    let handle: UnsafeMutableRawPointer

    /// libcurl's text for the last failure; "" when it gave none.
    let errorText: UnsafeMutablePointer<CChar>

    /// The endpoint that the handle is set up for; nil when it is set up for none.
    private var configuredFor: Endpoint?

    /// Whether CURLOPT_FRESH_CONNECT is set.
    private var isForNewConnection = false

    /// The URL, with the path. The handle uses it without a copy, and is freed before it.
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

    /// Sets all options that never change from call to call.
    func configure(
        _ settings: borrowing Settings, sockets: SocketTable, for exchange: UnsafeMutableRawPointer
    ) throws(Failure) {
        var options = EasyOptions(handle)

        // Only the authority is contacted, only by HTTP/1.1, and over TLS 1.2 or later unless it is on this machine.
        options.set(CURLOPT_PROTOCOLS_STR, text: settings.baseURL.isSecure ? "https" as Literal : "http")
        options.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        options.set(CURLOPT_HTTP09_ALLOWED, 0)
        // Chunks are read here: see `ChunkReader`.
        options.set(CURLOPT_HTTP_TRANSFER_DECODING, 0)
        options.set(CURLOPT_FOLLOWLOCATION, 0)
        options.set(CURLOPT_NETRC, ccurl_netrc_ignored())

        options.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        options.set(CURLOPT_SSL_VERIFYPEER, 1)
        options.set(CURLOPT_SSL_VERIFYHOST, 2)
        options.set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        options.set(CURLOPT_PROXY_SSL_VERIFYPEER, 1)
        options.set(CURLOPT_PROXY_SSL_VERIFYHOST, 2)
        options.trust(TrustLocations(settings.trust))
        options.set(CURLOPT_PINNEDPUBLICKEY, text: settings.pinnedPublicKey.pointer)

        // The request headers, the org key among them, are sent only to the authority. A proxy only makes a tunnel.
        options.set(CURLOPT_PROXY, text: settings.proxies.proxy.pointer)
        options.set(CURLOPT_NOPROXY, text: settings.proxies.bypass.pointer)
        options.set(CURLOPT_HTTPPROXYTUNNEL, 1)
        options.set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        options.set(CURLOPT_PROXYHEADER, pointer: settings.headers.connect.list)
        options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // Before a connection is used again, the bytes that wait in its TLS layer must be known: see `beginRequest`.
        // Where they cannot be known, connections are not reused.
        let cannotTell = settings.proxies.isSecure || (settings.baseURL.isSecure && !CurlLibrary.knowsOpenSSL)
        options.set(CURLOPT_FORBID_REUSE, cannotTell ? 1 : 0)

        // As a guest in the host's process: no signals, no waiting for a resolver that hangs, and no connection that is
        // so old that the authority may have moved.
        options.set(CURLOPT_NOSIGNAL, 1)
        options.set(CURLOPT_QUICK_EXIT, 1)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout)
        let maxAge = sockets.shortened(age: (settings.maxConnectionAge &+ 999) / 1_000)
        options.set(CURLOPT_MAXLIFETIME_CONN, maxAge)
        // Otherwise a new connection would go to the old address as well. libcurl's own default is one minute.
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

        if CurlLibrary.knowsOpenSSL {
            options.set(CURLOPT_SSL_CTX_DATA, pointer: sockets.callbackData)
            options.check(ccurl_set_tls_setup(handle) { _, context, data in
                guard let context else { return CURLE_OK }
                ccurl_watch_tls(context, { _, _, type, _, _, _, data in
                    if let data { SocketTable(callbackData: data).countTLSEvent(type: type) }
                }, data)
                return CURLE_OK
            })
        }

        // libcurl allocates a buffer for each transfer. malloc() gets buffers of the default 16 KB from the system, and
        // returns them when many transfers end at once; it keeps a buffer of 1 KB for reuse, and most replies fit into
        // that.
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
            data.map { Exchange(callbackData: $0).runWatchdog() } ?? 1
        })
        options.check(ccurl_set_prereq(handle) { data, _, _, _, localPort in
            data.map { Exchange(callbackData: $0).beginRequest(localPort: localPort) } ?? CURL_PREREQFUNC_ABORT
        })
        try options.finish()
    }

    deinit {
        let handle = handle
        ForkGate.holdingOffFork { curl_easy_cleanup(handle) }
        free(errorText)
    }

    /// Makes the next transfer use a kept connection, if there is one.
    mutating func allowKeptConnection() { _ = setForNewConnection(false) }

    /// Sets whether the next transfer must make a connection.
    private mutating func setForNewConnection(_ isForNewConnection: Bool) -> CURLcode {
        if self.isForNewConnection == isForNewConnection { return CURLE_OK }
        let code = ccurl_set_long(handle, CURLOPT_FRESH_CONNECT, isForNewConnection ? 1 : 0)
        if code == CURLE_OK { self.isForNewConnection = isForNewConnection }
        return code
    }

    /// Makes the next transfer a request for `endpoint`. `body` must not move or change until the transfer has ended.
    mutating func prepare(
        _ endpoint: Endpoint, _ settings: borrowing Settings, body: borrowing ByteBuffer, onNewConnection: Bool
    ) throws(Failure) {
        var options = EasyOptions(handle)
        options.check(setForNewConnection(onNewConnection))
        if configuredFor != endpoint {
            configuredFor = nil
            try setEndpoint(endpoint, settings)
            configuredFor = endpoint
        }
        if endpoint.method == .post {
            options.set(CURLOPT_POSTFIELDSIZE, body.count)
            options.set(CURLOPT_POSTFIELDS, pointer: UnsafeMutableRawPointer(body.base))
        }
        try options.finish()
    }

    /// Sets the URL, the method and the headers of an endpoint.
    private mutating func setEndpoint(_ endpoint: Endpoint, _ settings: borrowing Settings) throws(Failure) {
        guard let base = settings.baseURL.text.pointer else { throw .outOfMemory }
        let text = try CString(joining: base, endpoint.path.cString)
        guard let start = text.pointer else { throw .outOfMemory }
        let url = try CurlURL(start, source: Literal("base_url").cString)
        var options = EasyOptions(handle)
        // libcurl then parses the URL once and not for each request. But before 8.3 it loses the zone of an IPv6
        // address in a URL that is given this way.
        if try url.part(CURLUPART_ZONEID).pointer == nil {
            options.set(CURLOPT_CURLU, pointer: url.pointer)
        } else {
            options.set(CURLOPT_URL, text: start)
        }
        self.url = consume url
        // A connection that was idle for longer than servers usually allow is not used again. The network may forget
        // one sooner, and a request that changes something is not hedged, so it uses only one that was in use a moment
        // ago.
        options.set(CURLOPT_MAXAGE_CONN, endpoint.isReadOnly ? 30 : 1)
        switch endpoint.method {
        case .get:
            options.set(CURLOPT_HTTPGET, 1)
            options.set(CURLOPT_HTTPHEADER, pointer: settings.headers.get.list)
        case .post:
            options.set(CURLOPT_POST, 1)
            options.set(CURLOPT_HTTPHEADER, pointer: settings.headers.post.list)
        }
        try options.finish()
    }

    /// Stores the transfer that uses the handle: `Multi.nextEnded` reads it.
    func setTransfer(_ transfer: UnsafeMutableRawPointer) {
        _ = ccurl_set_pointer(handle, CURLOPT_PRIVATE, transfer)
    }

    /// The HTTP status of the reply, as libcurl read it.
    var httpStatus: Int { ccurl_get_long(handle, CURLINFO_RESPONSE_CODE) }
    /// The `errno` of the last failure to connect; 0 when there was none.
    var systemError: Int { ccurl_get_long(handle, CURLINFO_OS_ERRNO) }
    /// Whether the connection was to the proxy; nil before libcurl 8.7, which does not report it.
    var usedProxy: Bool? {
        let answer = ccurl_used_proxy(handle)
        return answer < 0 ? nil : answer != 0
    }
    /// The HTTP status of the proxy's reply to CONNECT; 0 when there was none.
    var connectStatus: Int { ccurl_get_long(handle, CURLINFO_HTTP_CONNECTCODE) }
    /// Whether the transfer made a connection instead of using a kept one.
    var madeConnection: Bool { ccurl_get_long(handle, CURLINFO_NUM_CONNECTS) != 0 }

    /// The value of Retry-After in seconds; 0 when the reply had none.
    var retryAfter: Int { Int(truncatingIfNeeded: ccurl_get_offset(handle, CURLINFO_RETRY_AFTER)) }
}
