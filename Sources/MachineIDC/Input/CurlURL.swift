internal import CCurl
internal import CPlatform

/// A URL parsed by libcurl's own parser, so that the checks here see exactly what libcurl will use.
struct CurlURL: ~Copyable {
    private let handle: OpaquePointer

    /// - Parameters:
    ///   - flags: for `curl_url_set`.
    ///   - source: the name of the URL in messages: the option or the environment variable that it came from.
    init(_ text: UnsafePointer<CChar>, flags: Int32 = 0, source: UnsafePointer<CChar>) throws(Failure) {
        guard let made = curl_url() else { throw .outOfMemory }
        let code = curl_url_set(made, CURLUPART_URL, text, UInt32(bitPattern: flags))
        guard code == CURLUE_OK else {
            curl_url_cleanup(made)
            if code == CURLUE_OUT_OF_MEMORY { throw .outOfMemory }
            throw Failure(.invalidOptions, "\(source) is not a URL that can be used: \(curl_url_strerror(code))")
        }
        handle = made
    }

    deinit { curl_url_cleanup(handle) }

    /// The libcurl handle, for an option of an easy handle. libcurl does not copy it.
    var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(handle) }

    /// A part of the URL; an absent string when the URL does not have it.
    func part(_ part: CURLUPart) throws(Failure) -> CString {
        var text: UnsafeMutablePointer<CChar>?
        let code = curl_url_get(handle, part, &text, 0)
        if code == CURLUE_OUT_OF_MEMORY { throw .outOfMemory }
        guard code == CURLUE_OK, let text else { return CString() }
        defer { curl_free(text) }
        return try CString(copying: text)
    }

    /// The host name for messages, with the port if one was given.
    func peer() throws(Failure) -> CString {
        let host = try part(CURLUPART_HOST)
        let port = try part(CURLUPART_PORT)
        guard let name = host.pointer, let number = port.pointer else { return host }
        let start = try CString(joining: name, Literal(":").cString)
        return try CString(joining: start.pointer ?? name, number)
    }

    /// Throws when the URL has this part. libcurl reports an empty query or fragment (a trailing "?" or "#") as absent.
    func refuse(_ part: CURLUPart, _ name: Literal, _ source: UnsafePointer<CChar>) throws(Failure) {
        let found = try self.part(part)
        if found.pointer != nil { throw Failure(.invalidOptions, "\(source) must not hold \(name)") }
    }

    /// Throws when the host name is not ASCII. libcurl's conversion of such a name depends on the locale at the time of
    /// a call.
    func refuseForeignHost(_ source: UnsafePointer<CChar>) throws(Failure) {
        // libcurl returns the host with percent-encoding already decoded.
        let host = try part(CURLUPART_HOST)
        guard var next = host.pointer else { return }
        while next[0] > 0 { next += 1 }
        if next[0] == 0 { return }
        throw Failure(
            .invalidOptions, "\(source) has a host name that is not ASCII; write xn--..., as the name is in the DNS")
    }

    /// Whether the host denotes this machine by its form alone: 127.0.0.0/8, [::1], or localhost, which libcurl
    /// resolves itself without a DNS query.
    func isLoopback() throws(Failure) -> Bool {
        let host = try part(CURLUPART_HOST)
        guard let text = host.pointer else { return false }
        if equalsIgnoringCase(text, count: strlen(text), "localhost") || text == "[::1]" { return true }
        var address = in_addr()
        guard inet_pton(AF_INET, text, &address) == 1 else { return false }
        return UInt32(bigEndian: address.s_addr) >> 24 == 127
    }
}
