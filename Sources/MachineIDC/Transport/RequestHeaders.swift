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

struct HeaderList: ~Copyable {
    let list: UnsafeMutablePointer<curl_slist>?

    fileprivate init(_ first: UnsafePointer<CChar>?, _ second: UnsafePointer<CChar>?) throws(Failure) {
        guard let one = curl_slist_append(nil, first) else { throw .outOfMemory }
        // When memory is refused, libcurl returns NULL and leaves the list alone.
        if let second, curl_slist_append(one, second) == nil {
            curl_slist_free_all(one)
            throw .outOfMemory
        }
        list = one
    }

    deinit {
        var node = list
        while let current = node {
            if let text = current.pointee.data { explicit_bzero(text, strlen(text)) }
            node = current.pointee.next
        }
        curl_slist_free_all(list)
    }
}
