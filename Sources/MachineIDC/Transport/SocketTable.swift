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
        /// Of the descriptor, two more: a row of zeros is one that was never used, and takes no memory before it is.
        private let stored: Atomic<Int32>
        var inode: Inode?
        /// Of this end of the connection; 0 until a request goes out on it.
        var localPort: Int32 = 0
        /// When the last request went out on it, on the monotonic clock.
        var askedAt: Int64 = 0
        /// Whether no further request goes out on it.
        var isSpent = false

        var descriptor: Int32 {
            get { stored.load(ordering: .acquiring) &- 2 }
            nonmutating set { stored.store(newValue &+ 2, ordering: .releasing) }
        }
    }

    /// What else libcurl's callbacks look at.
    private struct Header: ~Copyable {
        var step = Step()
        /// Whether the host has closed one of them.
        var isRobbed = false
        /// Whether a reply was not what it should be, so that nobody knows what else is on its way on the connections there
        /// are. Any thread's to set.
        let areSuspect = Atomic<Bool>(false)
        /// Where the row ends.
        let last: UnsafeMutablePointer<Entry>

        /// How many entries would fill its place.
        static var entries: Int { (MemoryLayout<Header>.size &+ MemoryLayout<Entry>.stride &- 1) / MemoryLayout<Entry>.stride }
    }

    private static var noPort: Int32 { -1 }
    private static var unused: Int32 { -1 }
    /// No entry from here on has ever been used.
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
        let first = (memory + Header.entries &* MemoryLayout<Entry>.stride).assumingMemoryBound(to: Entry.self)
        header.initialize(to: Header(last: first + capacity))
    }

    /// The table that was given to libcurl as a callback's data.
    init(callbackData: UnsafeMutableRawPointer) {
        header = callbackData.assumingMemoryBound(to: Header.self)
    }

    var callbackData: UnsafeMutableRawPointer { UnsafeMutableRawPointer(header) }

    func destroy() { free(header) }

    /// Opens the pipe that wakes whoever polls it, in place of libcurl's own descriptors for that, which are not known here
    /// and cannot be asked whether they are still libcurl's. A host that closes whatever is open from some number on closes
    /// both alike. False when no descriptor is left. (A pipe, which a filter of address families has no part in.)
    func openAlarm() -> Bool {
        var (reader, writer): (Int32, Int32) = (-1, -1)
        guard platform_pipe(&reader, &writer) == 0 else { return false }
        guard note(reader), note(writer) else { return false }
        entries.pointee.localPort = SocketTable.noPort
        (entries + 1).pointee.localPort = SocketTable.noPort
        return true
    }

    /// The end of it to poll; -1 when it is not ours any more. Any thread's to ask.
    var alarm: Int32 { descriptor(of: entries) }

    /// Makes it readable. Any thread's to call.
    func raiseAlarm() {
        // Who writes to a pipe without a reader gets a signal.
        guard alarm >= 0 else { return }
        var byte: UInt8 = 0
        // Where it is full, it is readable already.
        _ = write(descriptor(of: entries + 1), &byte, 1)
    }

    func silenceAlarm() {
        var bytes: UInt64 = 0
        while read(alarm, &bytes, 8) > 0 { continue }
    }

    private func descriptor(of entry: UnsafeMutablePointer<Entry>) -> Int32 {
        let descriptor = entry.pointee.descriptor
        return entry.pointee.inode?.isReached(by: descriptor) ?? false ? descriptor : -1
    }

    /// Opens a socket that no program started later inherits, and notes it.
    func open(_ address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        let type = address.pointee.socktype | Int32(bitPattern: SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.pointee.family, type, address.pointee.protocol)
        return descriptor >= 0 && note(descriptor) ? descriptor : CURL_SOCKET_BAD
    }

    /// Closes it where it cannot be noted.
    @inline(never)
    private func note(_ descriptor: Int32) -> Bool {
        // An entry under this number is of a socket that has been closed since.
        if let entry = first(descriptor) { _ = isOurs(descriptor, entry) }
        guard !isRobbed, let inode = Inode(of: descriptor), let entry = freeEntry() else {
            _ = CPlatform.close(descriptor)
            return false
        }
        entry.pointee.inode = inode
        entry.pointee.localPort = 0
        entry.pointee.isSpent = false
        entry.pointee.descriptor = descriptor
        return true
    }

    func close(_ descriptor: curl_socket_t) -> Int32 {
        guard let entry = entry(of: descriptor) else { return 0 }
        entry.pointee.descriptor = SocketTable.unused
        return CPlatform.close(descriptor)
    }

    /// Whether the descriptor still leads to the socket that was noted. If not, the host has closed it; or libcurl has,
    /// which before 8.0 says nothing of sockets that it gives up while they connect.
    @inline(never)
    private func isOurs(_ descriptor: Int32, _ entry: UnsafeMutablePointer<Entry>) -> Bool {
        if entry.pointee.inode?.isReached(by: descriptor) ?? false { return true }
        if entry.pointee.localPort == 0 {
            entry.pointee.descriptor = SocketTable.unused
        } else {
            header.pointee.isRobbed = true
        }
        return false
    }

    /// Of this number and still ours.
    private func entry(of descriptor: Int32) -> UnsafeMutablePointer<Entry>? {
        var found: UnsafeMutablePointer<Entry>?
        forEachOpen { other, entry in if other == descriptor, isOurs(descriptor, entry) { found = entry } }
        return found
    }

    /// Whether the host is known to have closed one of them.
    var isRobbed: Bool { header.pointee.isRobbed }

    /// Looks at the alarm alone. Whether the host has closed one.
    func checkAlarm() -> Bool {
        if alarm < 0 { header.pointee.isRobbed = true }
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
            entry.pointee.descriptor = SocketTable.unused
        }
        header.pointee.isRobbed = false
    }

    /// How many connections are open.
    @inline(never)
    func countOpen() -> Int {
        var count = -2 // the alarm
        forEachOpen { descriptor, entry in if isOurs(descriptor, entry) { count &+= 1 } }
        return count
    }

    /// In a child: closes the copies of the parent's sockets, past libcurl and TLS, which would both say goodbye.
    func closeInherited() {
        forEachOpen { descriptor, entry in entry.pointee.inode?.close(descriptor) }
    }

    /// Whether the connection from this port is ours, and holds no bytes that nobody has read yet.
    @inline(never)
    func isFit(localPort port: Int32, mayHoldBytes: Bool, at now: Int64) -> Bool {
        if header.pointee.areSuspect.exchange(false, ordering: .relaxed) {
            forEachOpen { _, entry in entry.pointee.isSpent = entry.pointee.localPort > 0 }
        }
        var isFound = false
        var holdsBytes = false
        forEachOpen { descriptor, entry in
            if entry.pointee.localPort != 0, entry.pointee.localPort != port { return }
            guard isOurs(descriptor, entry) else { return }
            if entry.pointee.localPort == 0 {
                guard platform_local_port(descriptor) == port else { return }
                entry.pointee.localPort = port
            }
            isFound = !entry.pointee.isSpent
            entry.pointee.askedAt = now
            if !mayHoldBytes, hasUnread(descriptor) { holdsBytes = true }
        }
        return isFound && !holdsBytes && !isRobbed
    }

    /// No further request goes out on a connection that none has gone out on since that moment.
    @inline(never)
    func spend(unusedSince moment: Int64) {
        forEachOpen { _, entry in
            if entry.pointee.localPort > 0, entry.pointee.askedAt < moment { entry.pointee.isSpent = true }
        }
    }

    /// No further request goes out on the connection from this port.
    func spend(localPort port: Int32) {
        forEachOpen { _, entry in if entry.pointee.localPort == port { entry.pointee.isSpent = true } }
    }

    /// No further request goes out on a connection that there is now. Any thread's to call.
    func suspectAll() { header.pointee.areSuspect.store(true, ordering: .relaxed) }

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

    /// One that is unused, or else the first that has never been used; nil where all are of open sockets.
    private func freeEntry() -> UnsafeMutablePointer<Entry>? {
        if let entry = first(SocketTable.unused) { return entry }
        var entry = entries
        while entry.pointee.descriptor != SocketTable.end { entry += 1 }
        if entry < header.pointee.last { return entry }
        return check() ? nil : first(SocketTable.unused)
    }

    private func forEachOpen(_ body: (Int32, UnsafeMutablePointer<Entry>) -> Void) {
        var entry = entries
        while true {
            let descriptor = entry.pointee.descriptor
            if descriptor == SocketTable.end { return }
            if descriptor >= 0 { body(descriptor, entry) }
            entry += 1
        }
    }

    private func first(_ descriptor: Int32) -> UnsafeMutablePointer<Entry>? {
        var entry = entries
        while true {
            let found = entry.pointee.descriptor
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
