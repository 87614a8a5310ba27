internal import CCurl
internal import CPlatform
internal import Synchronization

/// The open sockets of one transport. With it a forked child can close its copies without sending anything to the
/// server, and nothing is read, written or closed under the number of a socket that now belongs to a file of the
/// host's.
///
/// Only the driver writes to it. A child reads the memory as it was at the moment of the fork, so the descriptor of an
/// entry is stored last and cleared first; at worst one socket is missed. The identity is kept because a child may have
/// closed all descriptors and opened files of its own under the same numbers.
///
/// A pointer to shared memory. libcurl's callbacks hold it too; the owner frees it with `destroy`.
struct SocketTable {
    /// One descriptor: a socket of libcurl's, or, in the first two entries, an end of the pipe.
    struct Entry: ~Copyable {
        /// The descriptor plus 2, so that zeroed memory means "never used": entries take no physical memory before
        /// their first use.
        private let stored: Atomic<Int32>
        /// The identity of the socket.
        var identity: FileIdentity?
        /// The port at this end of the connection; 0 before its first request, `noPort` for the pipe.
        var localPort: Int32 = 0
        /// When the last request went out on the connection.
        var sentAt = MonotonicTime.zero
        /// Whether no further request may go out on the connection.
        var isRetired = false

        /// The descriptor, `unused` or `end`.
        var descriptor: Int32 {
            get { stored.load(ordering: .acquiring) &- 2 }
            nonmutating set { stored.store(newValue &+ 2, ordering: .releasing) }
        }
    }

    /// Whether a request may go out on a connection.
    enum Claim { case refused, first, further }

    /// What libcurl's callbacks use too.
    private struct Shared: ~Copyable {
        let watchdog: Box<PerformWatchdog>
        /// Whether the host has closed one of the descriptors.
        var hostClosedDescriptor = false
        /// Connections that have carried no request since this moment take no further one; 0 for none. Any thread may
        /// set it.
        let mustRetireUnusedSince = Atomic<Int64>(0)
        /// A number from 0 to 255 that differs from client to client: see `shortened`.
        let chance: Int
        /// Whether nobody waits for any transfer any more. Any thread may set it.
        let isCancelled = Atomic<Bool>(false)
        /// `capacity` entries, and one more that is never used.
        let entries: UnsafeMutablePointer<Entry>
        let capacity: Int
        let statistics: Statistics

        init(capacity: Int, _ statistics: Statistics) throws(Failure) {
            let watchdog = try Box(PerformWatchdog())
            guard let memory = calloc(capacity &+ 1, MemoryLayout<Entry>.stride) else { throw .outOfMemory }
            self.watchdog = watchdog
            var random = RandomNumber()
            chance = random.below(256)
            entries = memory.assumingMemoryBound(to: Entry.self)
            self.capacity = capacity
            self.statistics = statistics
        }

        deinit { free(entries) }
    }

    /// The port of the entries of the pipe.
    private static var noPort: Int32 { -1 }
    /// The descriptor of an entry that was used and is free again.
    private static var unused: Int32 { -1 }
    /// The descriptor of an entry that was never used; no entry after it was used either.
    private static var end: Int32 { -2 }

    private let shared: UnsafeMutablePointer<Shared>

    /// Makes a table for `capacity` descriptors.
    init(capacity: Int, _ statistics: Statistics) throws(Failure) {
        shared = try allocateShared(Shared(capacity: capacity, statistics))
    }

    /// The table that libcurl passes to a callback.
    init(callbackData: UnsafeMutableRawPointer) {
        shared = callbackData.assumingMemoryBound(to: Shared.self)
    }

    var callbackData: UnsafeMutableRawPointer { UnsafeMutableRawPointer(shared) }

    /// Frees the table and closes nothing.
    func destroy() { destroyShared(shared) }

    private var entries: UnsafeMutablePointer<Entry> { shared.pointee.entries }

    /// Where the connections are counted.
    var statistics: Statistics { shared.pointee.statistics }

    /// Opens the pipe that wakes the thread that polls it. It replaces libcurl's own descriptors for that, which are
    /// unknown here, so that there is no way to check whether they still belong to libcurl. A host that closes all
    /// descriptors from some number on closes both kinds. Returns false when no descriptor is left. (A pipe, because a
    /// filter of socket address families does not affect it.)
    func openWakePipe() -> Bool {
        var (reader, writer): (Int32, Int32) = (-1, -1)
        guard platform_pipe(&reader, &writer) == 0 else { return false }
        guard add(reader), add(writer) else { return false }
        entries.pointee.localPort = SocketTable.noPort
        (entries + 1).pointee.localPort = SocketTable.noPort
        return true
    }

    /// The end of the pipe to read; -1 when it does not belong to the library any more. Any thread may ask.
    var wakePipe: Int32 { descriptor(of: entries) }

    /// The end of the pipe to poll. It may belong to the host by now, which polling does not harm: `checkWakePipe` is
    /// to follow.
    var polledPipe: Int32 { entries.pointee.descriptor }

    /// Makes the pipe readable. Any thread may call it.
    func writeWakePipe() {
        // Writing to a pipe without a reader would raise SIGPIPE.
        guard wakePipe >= 0 else { return }
        var byte: UInt8 = 0
        // A full pipe is already readable.
        _ = write(descriptor(of: entries + 1), &byte, 1)
    }

    /// Empties the pipe.
    func drainWakePipe() {
        var bytes: UInt64 = 0
        while read(wakePipe, &bytes, 8) > 0 { continue }
    }

    /// The descriptor of an entry; -1 when it does not belong to the library any more.
    private func descriptor(of entry: UnsafeMutablePointer<Entry>) -> Int32 {
        let descriptor = entry.pointee.descriptor
        return entry.pointee.identity?.matches(descriptor) ?? false ? descriptor : -1
    }

    /// Opens a socket that is closed on exec, and adds it to the table.
    func open(_ address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        let descriptor = platform_open_socket(
            address.pointee.family, address.pointee.socktype, address.pointee.protocol)
        return descriptor >= 0 && add(descriptor) ? descriptor : CURL_SOCKET_BAD
    }

    /// Adds a descriptor to the table. Closes it and returns false when that is not possible.
    @inline(never)
    private func add(_ descriptor: Int32) -> Bool {
        // An existing entry with this number belongs to a socket that has been closed since.
        if let entry = first(descriptor) { _ = checkOwnership(of: descriptor, entry) }
        guard !hostClosedDescriptor, let identity = FileIdentity(of: descriptor), let entry = freeEntry() else {
            _ = CPlatform.close(descriptor)
            return false
        }
        entry.pointee.identity = identity
        entry.pointee.localPort = 0
        entry.pointee.isRetired = false
        entry.pointee.descriptor = descriptor
        return true
    }

    /// Closes a socket, if it is still the library's. libcurl's callback.
    func close(_ descriptor: curl_socket_t) -> Int32 {
        guard let entry = entry(of: descriptor) else { return 0 }
        entry.pointee.descriptor = SocketTable.unused
        return CPlatform.close(descriptor)
    }

    /// Whether the descriptor still refers to the socket of the entry. If not, either the host has closed it, or
    /// libcurl has: before 8.0 it does not report that it closes a socket while it connects. Such an entry is freed;
    /// any other marks the table as `hostClosedDescriptor`.
    @inline(never)
    private func checkOwnership(of descriptor: Int32, _ entry: UnsafeMutablePointer<Entry>) -> Bool {
        if entry.pointee.identity?.matches(descriptor) ?? false { return true }
        if entry.pointee.localPort == 0 {
            entry.pointee.descriptor = SocketTable.unused
        } else {
            shared.pointee.hostClosedDescriptor = true
        }
        return false
    }

    /// The entry of a descriptor that is still the library's; nil when there is none.
    private func entry(of descriptor: Int32) -> UnsafeMutablePointer<Entry>? {
        var found: UnsafeMutablePointer<Entry>?
        forEachOpen { other, entry in if other == descriptor, checkOwnership(of: descriptor, entry) { found = entry } }
        return found
    }

    /// Whether the host is known to have closed one of the descriptors.
    var hostClosedDescriptor: Bool { shared.pointee.hostClosedDescriptor }

    /// Checks only the pipe. Returns whether the host has closed one of the descriptors.
    func checkWakePipe() -> Bool {
        if wakePipe < 0 { shared.pointee.hostClosedDescriptor = true }
        return hostClosedDescriptor
    }

    /// Checks all descriptors. Returns whether the host has closed one of them.
    @inline(never)
    func check() -> Bool {
        forEachOpen { descriptor, entry in _ = checkOwnership(of: descriptor, entry) }
        return hostClosedDescriptor
    }

    /// Closes all descriptors that are still the library's, without telling libcurl, which must not use any of them
    /// again.
    @inline(never)
    func closeAll() {
        forEachOpen { descriptor, entry in
            entry.pointee.identity?.close(descriptor)
            entry.pointee.descriptor = SocketTable.unused
        }
        shared.pointee.hostClosedDescriptor = false
    }

    /// How many connections are open.
    @inline(never)
    func countOpen() -> Int {
        var count = -2 // the two ends of the pipe
        forEachOpen { descriptor, entry in if checkOwnership(of: descriptor, entry) { count &+= 1 } }
        return count
    }

    /// Closes the copies of the parent's sockets in a forked child, without libcurl and TLS, which would both send a
    /// farewell to the server.
    func closeInherited() {
        forEachOpen { descriptor, entry in entry.pointee.identity?.close(descriptor) }
    }

    /// Whether a request may go out on the connection from this port: the connection is the library's, takes further
    /// requests, and holds no unread bytes; and if so, whether it is the first one there. Records the port and the
    /// time.
    ///
    /// - Parameter mayHoldBytes: whether unread bytes are acceptable.
    @inline(never)
    func claim(localPort port: Int32, mayHoldBytes: Bool, at now: MonotonicTime) -> Claim {
        if shared.pointee.mustRetireUnusedSince.load(ordering: .relaxed) != 0 {
            let moment = shared.pointee.mustRetireUnusedSince.exchange(0, ordering: .relaxed)
            retire(unusedSince: .zero.advanced(nanoseconds: moment))
        }
        var claim = Claim.refused
        var holdsBytes = false
        // Connections to different addresses may have the same port. One that is unfit stands for all of them.
        var isRetired = false
        forEachOpen { descriptor, entry in
            if entry.pointee.localPort != 0, entry.pointee.localPort != port { return }
            guard checkOwnership(of: descriptor, entry) else { return }
            let isFirst = entry.pointee.localPort == 0
            if isFirst {
                // An attempt to connect to another address may have the same port.
                guard platform_port_of_connection(descriptor) == port else { return }
                entry.pointee.localPort = port
            }
            if entry.pointee.isRetired { isRetired = true }
            claim = isFirst ? .first : .further
            entry.pointee.sentAt = now
            if !mayHoldBytes, hasUnread(descriptor) { holdsBytes = true }
        }
        return holdsBytes || isRetired || hostClosedDescriptor ? .refused : claim
    }

    /// Takes all connections out of use that have carried no request since this moment.
    @inline(never)
    func retire(unusedSince moment: MonotonicTime) {
        forEachOpen { _, entry in
            if entry.pointee.localPort > 0, entry.pointee.sentAt < moment { entry.pointee.isRetired = true }
        }
    }

    /// Takes the connection from this port out of use.
    func retire(localPort port: Int32) {
        forEachOpen { _, entry in if entry.pointee.localPort == port { entry.pointee.isRetired = true } }
    }

    /// Takes all connections that are open now out of use: a reply was not as it should be, so other stray data may be
    /// on its way on any of them. Any thread may call it.
    func retireAll() { retireLater(unusedSince: .never) }

    /// Takes all connections out of use that have carried no request since this moment, before the next request goes
    /// out. Any thread may call it.
    func retireLater(unusedSince moment: MonotonicTime) {
        shared.pointee.mustRetireUnusedSince.max(moment.nanoseconds(since: .zero), ordering: .relaxed)
    }

    /// The age shortened by up to a fifth, by chance, so that the clients of a fleet that started at the same time do
    /// not all make new connections at the same time again.
    func shortened(age: Int) -> Int { age &- (age / 5) &* shared.pointee.chance / 256 }

    /// Watches over the run of libcurl in progress.
    var watchdog: UnsafeMutablePointer<PerformWatchdog> { shared.pointee.watchdog.pointer }

    /// Makes TLS return soon, because nobody waits for any transfer any more. Any thread may call it. A relaxed store
    /// would do, but helgrind takes it for a race.
    func cancel() { shared.pointee.isCancelled.store(true, ordering: .sequentiallyConsistent) }

    /// Counts a TLS message or the head of a TLS record. When TLS does not return in time, breaks all connections,
    /// since all lead to the same server; the next read fails.
    func countTLSEvent(type: Int32) {
        let isCancelled = shared.pointee.isCancelled.load(ordering: .relaxed)
        guard watchdog.pointee.mustBreakTLS(after: type, isCancelled: isCancelled) else { return }
        forEachOpen { descriptor, entry in
            if checkOwnership(of: descriptor, entry) { platform_disconnect(descriptor) }
        }
    }

    /// A free entry, or else the first one that was never used; nil when all entries belong to open sockets.
    private func freeEntry() -> UnsafeMutablePointer<Entry>? {
        if let entry = first(SocketTable.unused) { return entry }
        var entry = entries
        while entry.pointee.descriptor != SocketTable.end { entry += 1 }
        if entry < entries + shared.pointee.capacity { return entry }
        return check() ? nil : first(SocketTable.unused)
    }

    /// Calls `body` with each descriptor in use, and its entry.
    private func forEachOpen(_ body: (Int32, UnsafeMutablePointer<Entry>) -> Void) {
        var entry = entries
        while true {
            let descriptor = entry.pointee.descriptor
            if descriptor == SocketTable.end { return }
            if descriptor >= 0 { body(descriptor, entry) }
            entry += 1
        }
    }

    /// The first entry with this descriptor; nil when there is none.
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

/// Whether a socket has received bytes that nobody has read.
private func hasUnread(_ descriptor: Int32) -> Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) > 0
}
