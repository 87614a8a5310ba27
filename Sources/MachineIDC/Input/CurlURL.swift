internal import CCurl
internal import CPlatform

/// A URL taken apart by libcurl's own parser, so that what is checked here is what libcurl will see.
struct CurlURL: ~Copyable {
    private let handle: OpaquePointer

    /// - Parameter flags: of `curl_url_set`.
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

    /// For an option of an easy handle, which only borrows it.
    var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(handle) }

    /// A part of the URL; no string when it has none.
    func part(_ part: CURLUPart) throws(Failure) -> CString {
        var text: UnsafeMutablePointer<CChar>?
        let code = curl_url_get(handle, part, &text, 0)
        if code == CURLUE_OUT_OF_MEMORY { throw .outOfMemory }
        guard code == CURLUE_OK, let text else { return CString() }
        defer { curl_free(text) }
        return try CString(copying: text)
    }

    /// The host, and the port where it was given: for messages.
    func peer() throws(Failure) -> CString {
        let host = try part(CURLUPART_HOST)
        let port = try part(CURLUPART_PORT)
        guard let name = host.pointer, let number = port.pointer else { return host }
        let start = try CString(joining: name, Literal(":").cString)
        return try CString(joining: start.pointer ?? name, number)
    }

    /// Throws when the URL has this part. libcurl reports an empty query or fragment ("?" at the end) as none.
    func refuse(_ part: CURLUPart, _ name: Literal, _ source: UnsafePointer<CChar>) throws(Failure) {
        let found = try self.part(part)
        if found.pointer != nil { throw Failure(.invalidOptions, "\(source) must not hold \(name)") }
    }

    /// Throws when the host name is not ASCII. What libcurl makes of one depends on the locale at the time of a call.
    func refuseForeignHost(_ source: UnsafePointer<CChar>) throws(Failure) {
        // Decoded, where it was written with percent signs.
        let host = try part(CURLUPART_HOST)
        guard var next = host.pointer else { return }
        while next[0] > 0 { next += 1 }
        if next[0] == 0 { return }
        throw Failure(
            .invalidOptions, "\(source) has a host name that is not ASCII; write xn--..., as the name is in the DNS")
    }

    /// Whether the host is this machine by its very form: 127.0.0.0/8, [::1], or localhost, which libcurl resolves by
    /// itself and never asks about.
    func isLoopback() throws(Failure) -> Bool {
        let host = try part(CURLUPART_HOST)
        guard let text = host.pointer else { return false }
        if equalsIgnoringCase(text, count: strlen(text), "localhost") || text == "[::1]" { return true }
        var address = in_addr()
        guard inet_pton(AF_INET, text, &address) == 1 else { return false }
        return UInt32(bigEndian: address.s_addr) >> 24 == 127
    }
}
