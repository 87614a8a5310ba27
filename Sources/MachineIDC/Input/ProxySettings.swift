internal import CCurl
internal import CPlatform

/// Which proxy to use. This is decided when the client is made, and then set explicitly in libcurl, which would
/// otherwise read the environment in every call and race with a host's `setenv`.
struct ProxySettings: ~Copyable {
    /// The proxy's URL; "" for none.
    let proxy: CString
    /// The hosts to reach without the proxy, separated by commas.
    let bypass: CString
    /// The proxy's host name for messages, with the port if one was given; no string without a proxy.
    let host: CString
    /// Whether the connection to the proxy itself uses TLS.
    let isSecure: Bool

    /// Whether there is a proxy.
    var isSet: Bool { host.pointer != nil }

    /// - Parameters:
    ///   - proxy: the option `proxy`; NULL when it was not given.
    ///   - bypass: the option `no_proxy`; NULL when it was not given.
    init(
        proxy: UnsafePointer<CChar>?, bypass: UnsafePointer<CChar>?, to authority: borrowing BaseURL
    ) throws(Failure) {
        let none: Literal = ""
        var chosen = (value: proxy ?? none.cString, name: "proxy" as Literal)
        if proxy == nil, authority.isSecure,
            let found = environment("https_proxy", "HTTPS_PROXY") ?? environment("all_proxy", "ALL_PROXY")
        {
            chosen = found
        }
        var isSecure = false
        let host: CString
        let proxyCopy = try CString(trimming: chosen.value)
        if let text = proxyCopy.pointer, text[0] != 0 {
            // Parsed the way libcurl does it: a URL without a scheme is an http proxy, and schemes other than those of
            // transfer protocols are accepted.
            let url = try CurlURL(
                text, flags: CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME, source: chosen.name.cString)
            isSecure = try check(url, source: chosen.name.cString, authority)
            host = try url.peer()
        } else {
            host = CString()
        }
        let bypass = bypass ?? environment("no_proxy", "NO_PROXY")?.value ?? none.cString
        let bypassCopy = try CString(trimming: bypass)
        self.isSecure = isSecure
        self.host = host
        self.proxy = proxyCopy
        self.bypass = bypassCopy
    }
}

/// Throws when the proxy cannot be used. Returns whether the connection to it uses TLS.
private func check(
    _ url: borrowing CurlURL, source: UnsafePointer<CChar>, _ authority: borrowing BaseURL
) throws(Failure) -> Bool {
    try url.refuseForeignHost(source)
    let scheme = try url.part(CURLUPART_SCHEME)
    let isKnown =
        scheme == "http" || scheme == "https" || scheme == "socks4" || scheme == "socks4a" || scheme == "socks5"
        || scheme == "socks5h"
    guard isKnown else {
        throw Failure(.invalidOptions, "\(source) must be an http, https, socks4, socks4a, socks5 or socks5h URL")
    }
    if !authority.isSecure {
        guard try url.isLoopback() else {
            throw Failure(
                .invalidOptions,
                "\(source) is on another machine and base_url is http, which would show it the org key; use https")
        }
    }
    return scheme == "https"
}

/// The value of a variable that is set and not blank, under its lower-case name or else its upper-case name, in the
/// order that libcurl uses.
private func environment(
    _ lower: Literal, _ upper: Literal
) -> (value: UnsafePointer<CChar>, name: Literal)? {
    if let value = environment(lower) { return (value, lower) }
    if let value = environment(upper) { return (value, upper) }
    return nil
}
