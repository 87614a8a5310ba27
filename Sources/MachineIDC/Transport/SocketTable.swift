internal import CCurl
internal import CPlatform
internal import Synchronization

/// The open sockets of one transport, so that a forked child can close its copies without a word to the server.
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
        while entry < entries + capacity {
            entry.initialize(to: Entry(descriptor: Atomic(SocketTable.unused)))
            entry += 1
        }
        entry.initialize(to: Entry(descriptor: Atomic(SocketTable.end)))
    }

    /// The table that was given to libcurl as a callback's data.
    init(callbackData: UnsafeMutableRawPointer) {
        header = callbackData.assumingMemoryBound(to: Header.self)
    }

    var callbackData: UnsafeMutableRawPointer { UnsafeMutableRawPointer(header) }

    func destroy() { free(header) }

    /// Opens a socket that no program started later inherits, and notes it.
    func open(_ address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        let type = address.pointee.socktype | Int32(bitPattern: SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.pointee.family, type, address.pointee.protocol)
        guard descriptor >= 0 else { return CURL_SOCKET_BAD }
        guard let inode = Inode(of: descriptor), let entry = first(SocketTable.unused) else {
            _ = CPlatform.close(descriptor)
            return CURL_SOCKET_BAD
        }
        entry.pointee.inode = inode
        entry.pointee.localPort = 0
        entry.pointee.descriptor.store(descriptor, ordering: .releasing)
        return descriptor
    }

    func close(_ descriptor: curl_socket_t) -> Int32 {
        first(descriptor)?.pointee.descriptor.store(SocketTable.unused, ordering: .releasing)
        return CPlatform.close(descriptor)
    }

    /// How many are open.
    var count: Int {
        var count = 0
        forEachOpen { _, _ in count &+= 1 }
        return count
    }

    /// In a child: closes the copies of the parent's sockets, past libcurl and TLS, which would both say goodbye.
    func closeInherited() {
        forEachOpen { descriptor, entry in entry.pointee.inode?.close(descriptor) }
    }

    /// Whether a connection from this port holds bytes that nobody has read yet.
    func hasUnreadBytes(localPort port: Int32) -> Bool {
        var entry = entries
        while true {
            let descriptor = entry.pointee.descriptor.load(ordering: .relaxed)
            if descriptor == SocketTable.end { return false }
            if descriptor >= 0 {
                if entry.pointee.localPort == 0 { entry.pointee.localPort = platform_local_port(descriptor) }
                if entry.pointee.localPort == port, hasUnread(descriptor) { return true }
            }
            entry += 1
        }
    }

    var step: UnsafeMutablePointer<Step> {
        UnsafeMutableRawPointer(header).assumingMemoryBound(to: Step.self)
    }

    /// Breaks all connections, which lead to the same server, when it floods one: the next read fails.
    func noteTLSMessage(type: Int32) {
        guard step.pointee.isFlood(with: type) else { return }
        forEachOpen { descriptor, _ in platform_disconnect(descriptor) }
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
