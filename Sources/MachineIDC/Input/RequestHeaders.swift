internal import CCurl
internal import CPlatform

/// The headers of all requests, the org key among them, as libcurl's lists. They are wiped when they are freed.
struct RequestHeaders: ~Copyable {
    let get: HeaderList
    let post: HeaderList
    /// The headers of the CONNECT request to a proxy.
    let connect: HeaderList

    init(_ orgKey: borrowing OrgKey, userAgent: borrowing CString) throws(Failure) {
        guard let key = orgKey.text.pointer, let agent = userAgent.pointer else { throw .outOfMemory }
        let keyHeader = try CString(joining: Literal("x-org-key: ").cString, key)
        // With CURLOPT_USERAGENT, libcurl would write the header twice for each request, one character at a time.
        let agentHeader = try CString(joining: Literal("User-Agent: ").cString, agent)
        var get = HeaderList()
        try get.add(agentHeader.pointer)
        try get.add(keyHeader.pointer)
        var post = HeaderList()
        try post.add(agentHeader.pointer)
        try post.add(keyHeader.pointer)
        try post.add(Literal("Content-Type: application/json").cString)
        var connect = HeaderList()
        try connect.add(agentHeader.pointer)
        self.get = get
        self.post = post
        self.connect = connect
    }
}

/// A list of headers. It is made here and not by libcurl, because the host may still change libcurl's allocator before
/// the first call.
struct HeaderList: ~Copyable {
    /// The list for libcurl.
    private(set) var list: UnsafeMutablePointer<curl_slist>?

    /// Adds a copy of a header at the front.
    @inline(never)
    fileprivate mutating func add(_ text: UnsafePointer<CChar>?) throws(Failure) {
        list = try allocateShared(curl_slist(data: nil, next: list))
        list?.pointee.data = text.flatMap { strdup($0) }
        if list?.pointee.data == nil { throw .outOfMemory }
    }

    deinit {
        var node = list
        while let current = node {
            wipeAndFree(current.pointee.data)
            node = current.pointee.next
            destroyShared(current)
        }
    }
}
