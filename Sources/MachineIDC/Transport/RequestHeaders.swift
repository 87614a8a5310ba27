internal import CCurl
internal import CPlatform

/// The headers that every request carries, the org key among them, as libcurl's lists. Wiped when they go.
struct RequestHeaders: ~Copyable {
    let get: HeaderList
    let post: HeaderList

    init(_ orgKey: borrowing OrgKey) throws(Failure) {
        guard let key = orgKey.text.pointer else { throw .outOfMemory }
        let keyHeader = try CString(joining: Literal("x-org-key: ").cString, key)
        let get = try HeaderList(keyHeader.pointer, nil)
        let post = try HeaderList(keyHeader.pointer, Literal("Content-Type: application/json").cString)
        self.get = get
        self.post = post
    }
}

/// Made here and not by libcurl, whose allocator the host may still change before the first call.
struct HeaderList: ~Copyable {
    typealias Node = UnsafeMutablePointer<curl_slist>

    let list: Node?

    fileprivate init(_ first: UnsafePointer<CChar>?, _ second: UnsafePointer<CChar>?) throws(Failure) {
        let rest = second == nil ? nil : try HeaderList.node(second, before: nil)
        list = try HeaderList.node(first, before: rest)
    }

    /// Frees the rest of the list when it throws.
    private static func node(_ text: UnsafePointer<CChar>?, before rest: Node?) throws(Failure) -> Node {
        guard let node = calloc(1, MemoryLayout<curl_slist>.size)?.assumingMemoryBound(to: curl_slist.self) else {
            free(rest)
            throw .outOfMemory
        }
        node.pointee.next = rest
        node.pointee.data = text.flatMap { strdup($0) }
        if node.pointee.data != nil { return node }
        free(node)
        throw .outOfMemory
    }

    private static func free(_ list: Node?) {
        var node = list
        while let current = node {
            if let text = current.pointee.data {
                explicit_bzero(text, strlen(text))
                CPlatform.free(text)
            }
            node = current.pointee.next
            CPlatform.free(current)
        }
    }

    deinit { HeaderList.free(list) }
}
