internal import CCurl
internal import CPlatform
internal import Synchronization

/// The open sockets of one transport, so that a forked child can close its copies without a word to the server, and so that
/// nothing is said to a file of the host's that stands under the number of a socket that was ours.
///
/// Only the driver writes. A child reads what its memory held at the moment of the fork, so each entry is made visible
/// last and hidden first: at worst one socket is missed. The inode is kept because a child may have closed everything
/// and opened files of its own under the same numbers.
///
/// A pointer to a row of entries, freed by its owner with `destroy`: libcurl's callbacks hold it too.
struct SocketTable {
    struct Entry: ~Copyable {
        let descriptor: Atomic<Int32>
        var inode: Inode?
        /// Of this end of the connection; 0 until it is asked for.
        var localPort: Int32 = 0
    }

    /// What else libcurl's callbacks look at.
    private struct Header: ~Copyable {
        var step = Step()
        /// Whether the host has closed one of them.
        var isRobbed = false

        /// How many entries would fill its place.
        static var entries: Int { (MemoryLayout<Header>.size &+ MemoryLayout<Entry>.stride &- 1) / MemoryLayout<Entry>.stride }
    }

    private static var unused: Int32 { -1 }
    private static var end: Int32 { -2 }

    private let header: UnsafeMutablePointer<Header>

    /// They follow the header.
    private var entries: UnsafeMutablePointer<Entry> {
        (UnsafeMutableRawPointer(header) + Header.entries &* MemoryLayout<Entry>.stride)
            .assumingMemoryBound(to: Entry.self)
    }

    init(capacity: Int) throws(Failure) {
        guard let memory = calloc(Header.entries &+ capacity &+ 1, MemoryLayout<Entry>.stride) else { throw .outOfMemory }
        header = memory.assumingMemoryBound(to: Header.self)
        header.initialize(to: Header())
        var entry = entries
        while entry <= entries + capacity {
            entry.initialize(to: Entry(descriptor: Atomic(SocketTable.end)))
            entry += 1
        }
        header.pointee.last = entries + capacity
    }

    /// The table that was given to libcurl as a callback's data.
    init(callbackData: UnsafeMutableRawPointer) {
        header = callbackData.assumingMemoryBound(to: Header.self)
    }

    var callbackData: UnsafeMutableRawPointer { UnsafeMutableRawPointer(header) }

    func destroy() { free(header) }

    /// Opens a socket that leads nowhere. libcurl has descriptors that are not known here; a host that closes whatever is
    /// open from some number on closes this one as well. False when there is none left.
    func openSentinel() -> Bool { open(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0) >= 0 }

    func open(_ address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        open(address.pointee.family, address.pointee.socktype, address.pointee.protocol)
    }

    /// Opens a socket that no program started later inherits, and notes it.
    @inline(never)
    private func open(_ family: Int32, _ type: Int32, _ proto: Int32) -> Int32 {
        let descriptor = socket(family, type | Int32(bitPattern: SOCK_CLOEXEC.rawValue), proto)
        guard descriptor >= 0 else { return CURL_SOCKET_BAD }
        // An entry under this number is of a socket that has been closed since.
        if let entry = first(descriptor) { _ = isOurs(descriptor, entry) }
        guard !isRobbed, let inode = Inode(of: descriptor), let entry = freeEntry() else {
            _ = CPlatform.close(descriptor)
            return CURL_SOCKET_BAD
        }
        entry.pointee.inode = inode
        entry.pointee.localPort = 0
        entry.pointee.descriptor.store(descriptor, ordering: .releasing)
        return descriptor
    }

    func close(_ descriptor: curl_socket_t) -> Int32 {
        guard let entry = first(descriptor), isOurs(descriptor, entry) else { return 0 }
        entry.pointee.descriptor.store(SocketTable.unused, ordering: .releasing)
        return CPlatform.close(descriptor)
    }

    /// Whether the descriptor still leads to the socket that was noted; if not, the host has closed it. But libcurl 7.88
    /// closes a socket that never came to be connected without calling back: that one is forgotten.
    @inline(never)
    private func isOurs(_ descriptor: Int32, _ entry: UnsafeMutablePointer<Entry>) -> Bool {
        if entry.pointee.inode?.isReached(by: descriptor) ?? false { return true }
        if entry.pointee.localPort != 0 || entry == entries {
            header.pointee.isRobbed = true
        } else {
            entry.pointee.descriptor.store(SocketTable.unused, ordering: .releasing)
        }
        return false
    }

    /// Whether the host is known to have closed one of them.
    var isRobbed: Bool { header.pointee.isRobbed }

    /// Looks at the sentinel alone, which is the first entry. Whether the host has closed one.
    func checkSentinel() -> Bool {
        _ = isOurs(entries.pointee.descriptor.load(ordering: .relaxed), entries)
        return isRobbed
    }

    /// Looks at all of them. Whether the host has closed one.
    @inline(never)
    func check() -> Bool {
        forEachOpen { descriptor, entry in _ = isOurs(descriptor, entry) }
        return isRobbed
    }

    /// Closes those that are still ours, past libcurl, who is not to use any of them again.
    @inline(never)
    func clear() {
        forEachOpen { descriptor, entry in
            entry.pointee.inode?.close(descriptor)
            entry.pointee.descriptor.store(SocketTable.unused, ordering: .releasing)
        }
        header.pointee.isRobbed = false
    }

    /// How many connections are open.
    @inline(never)
    func countOpen() -> Int {
        var count = -1 // the sentinel
        forEachOpen { descriptor, entry in if isOurs(descriptor, entry) { count &+= 1 } }
        return count
    }

    /// In a child: closes the copies of the parent's sockets, past libcurl and TLS, which would both say goodbye.
    func closeInherited() {
        forEachOpen { descriptor, entry in entry.pointee.inode?.close(descriptor) }
    }

    /// Whether the connection from this port is ours, and holds no bytes that nobody has read yet.
    @inline(never)
    func isFit(localPort port: Int32, mayHoldBytes: Bool) -> Bool {
        var isFound = false
        var holdsBytes = false
        forEachOpen { descriptor, entry in
            if entry.pointee.localPort != 0, entry.pointee.localPort != port { return }
            guard isOurs(descriptor, entry) else { return }
            if entry.pointee.localPort == 0 {
                guard platform_local_port(descriptor) == port else { return }
                entry.pointee.localPort = port
            }
            isFound = true
            if !mayHoldBytes, hasUnread(descriptor) { holdsBytes = true }
        }
        return isFound && !holdsBytes && !isRobbed
    }

    var step: UnsafeMutablePointer<Step> {
        UnsafeMutableRawPointer(header).assumingMemoryBound(to: Step.self)
    }

    /// Breaks all connections, which lead to the same server, when it floods one: the next read fails.
    func noteTLSMessage(type: Int32) {
        guard step.pointee.isFlood(with: type) else { return }
        forEachOpen { descriptor, entry in
            if isOurs(descriptor, entry) { platform_disconnect(descriptor) }
        }
    }

    /// One that is unused, or else one more: no walk goes further than to the first that has never been used.
    private func freeEntry() -> UnsafeMutablePointer<Entry>? {
        if let entry = first(SocketTable.unused) { return entry }
        guard let entry = firstEnd, entry < header.pointee.last else { return nil }
        return entry
    }

    private var firstEnd: UnsafeMutablePointer<Entry>? {
        var entry = entries
        while entry.pointee.descriptor.load(ordering: .relaxed) != SocketTable.end { entry += 1 }
        return entry
    }

    private func forEachOpen(_ body: (Int32, UnsafeMutablePointer<Entry>) -> Void) {
        var entry = entries
        while true {
            let descriptor = entry.pointee.descriptor.load(ordering: .acquiring)
            if descriptor == SocketTable.end { return }
            if descriptor >= 0 { body(descriptor, entry) }
            entry += 1
        }
    }

    private func first(_ descriptor: Int32) -> UnsafeMutablePointer<Entry>? {
        var entry = entries
        while true {
            let found = entry.pointee.descriptor.load(ordering: .relaxed)
            if found == descriptor { return entry }
            if found == SocketTable.end { return nil }
            entry += 1
        }
    }
}

private func hasUnread(_ descriptor: Int32) -> Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) > 0
}
