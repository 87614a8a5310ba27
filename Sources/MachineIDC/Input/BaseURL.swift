internal import CCurl
internal import CPlatform

/// The URL of the authority: https to any host, or http to this machine only, because the org key must not cross a
/// network in clear text.
struct BaseURL: ~Copyable {
    /// The default of the option `base_url`.
    static var standard: Literal { "https://machineid.io" }

    /// The URL as libcurl writes it, without a trailing slash.
    let text: CString
    /// The host name for messages, with the port if one was given.
    let host: CString
    /// Whether the scheme is https.
    let isSecure: Bool

    /// - Parameter source: the name of the URL in messages: the option or the environment variable that it came from.
    init(_ raw: UnsafePointer<CChar>, source: UnsafePointer<CChar>) throws(Failure) {
        let trimmed = try CString(trimming: raw)
        guard let text = trimmed.pointer else { throw .outOfMemory }
        // Without a scheme libcurl would take the name in "localhost:8080" for one.
        guard holds(text, ":/") else { throw wrongScheme(source) }
        let url = try CurlURL(text, flags: CURLU_NON_SUPPORT_SCHEME, source: source)
        try url.refuseForeignHost(source)
        let scheme = try url.part(CURLUPART_SCHEME)
        let isSecure = scheme == "https"
        if !isSecure {
            guard scheme == "http" else { throw wrongScheme(source) }
            guard try url.isLoopback() else {
                throw Failure(
                    .invalidOptions,
                    "\(source) is http to another machine, which would show the org key to the network; use https")
            }
        }
        try url.refuse(CURLUPART_USER, "a user", source)
        try url.refuse(CURLUPART_PASSWORD, "a password", source)
        try url.refuse(CURLUPART_QUERY, "a query", source)
        try url.refuse(CURLUPART_FRAGMENT, "a fragment", source)

        let whole = try url.part(CURLUPART_URL)
        guard let start = whole.pointer else { throw .outOfMemory }
        var length = strlen(start)
        while length > 0, start[length &- 1] == CChar(UInt8(ascii: "/")) { length &-= 1 }
        let copy = try CString(copying: start, count: length)
        host = try url.peer()
        self.text = copy
        self.isSecure = isSecure
    }
}

@inline(never)
private func wrongScheme(_ source: UnsafePointer<CChar>) -> Failure {
    Failure(.invalidOptions, "\(source) must begin with https://, or with http:// for this machine")
}
