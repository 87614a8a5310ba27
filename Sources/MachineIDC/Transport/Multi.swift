internal import CCurl
internal import CPlatform

/// A libcurl multi handle: the connections that transfers share. One thread at a time uses it, the driver; `wakeUp`
/// alone may be called by any, with the transport locked.
struct Multi: ~Copyable {
    let sockets: SocketTable
    /// nil where another one was needed, and could not be made yet: libcurl then refuses whatever it is asked.
    private let place: Box<UnsafeMutableRawPointer?>
    private var handle: UnsafeMutableRawPointer? { place.pointer.pointee }

    init(maxConnections: Int) throws(Failure) {
        let place = try Box<UnsafeMutableRawPointer?>(nil)
        // An attempt to connect may hold two sockets at once, one for IPv6 and one for IPv4, and six from libcurl 8.20 on.
        let sockets = try SocketTable(capacity: (maxConnections &+ Hedging.mostAtOnce) &* 6 &+ 2)
        do throws(Failure) {
            place.pointer.pointee = try Multi.make(maxConnections, sockets)
        } catch {
            sockets.clear()
            sockets.destroy()
            throw error
        }
        self.sockets = sockets
        self.place = place
    }

    @inline(never)
    private static func make(_ maxConnections: Int, _ sockets: SocketTable) throws(Failure) -> UnsafeMutableRawPointer {
        guard let made = curl_multi_init() else { throw areDescriptorsLeft() ? .outOfMemory : .noDescriptor }
        guard sockets.openAlarm() else {
            curl_multi_cleanup(made)
            throw .noDescriptor
        }
        guard Multi.configure(made, maxConnections), Multi.learnNoSignal(made) else {
            curl_multi_cleanup(made)
            throw .outOfMemory
        }
        return made
    }

    /// After the host has closed descriptors of it: leaves all that libcurl has under way and open alone for good, and makes
    /// another handle. Locked, as `wakeUp` is.
    @inline(never)
    func renew(maxConnections: Int) {
        sockets.clear()
        place.pointer.pointee = nil
        do throws(Failure) { place.pointer.pointee = try Multi.make(maxConnections, sockets) } catch { error.message.discard() }
    }

    var isMissing: Bool { handle == nil }

    private static func configure(_ multi: UnsafeMutableRawPointer, _ maxConnections: Int) -> Bool {
        // From 8.20 on libcurl would otherwise wait for the threads that resolve names; before, it never did.
        ccurl_multi_leave_resolvers(multi)
        return limit(multi, to: maxConnections)
            && ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING)) == CURLM_OK
    }

    /// Of open connections, beside those of questions that are asked a second time; and of those that are kept.
    private static func limit(_ multi: UnsafeMutableRawPointer, to maxConnections: Int) -> Bool {
        ccurl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, maxConnections &+ Hedging.mostAtOnce) == CURLM_OK
            && ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, maxConnections) == CURLM_OK
    }

    /// libcurl 7.88 learns from the first transfer whether it may touch signal handlers. A multi handle that never had one
    /// would set SIGPIPE aside when it is cleaned up.
    private static func learnNoSignal(_ multi: UnsafeMutableRawPointer) -> Bool {
        guard let easy = curl_easy_init() else { return false }
        defer { curl_easy_cleanup(easy) }
        guard ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1) == CURLE_OK else { return false }
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else { return false }
        return curl_multi_remove_handle(multi, easy) == CURLM_OK
    }

    deinit {
        // libcurl would close, and TLS write to, what the host has opened since.
        if !sockets.check() {
            let handle = handle
            ForkGate.working { _ = curl_multi_cleanup(handle) }
        }
        sockets.clear()
        sockets.destroy()
    }

    /// Connections beyond it that stand are closed as their transfers end.
    func limit(to maxConnections: Int) -> Bool { handle.map { Multi.limit($0, to: maxConnections) } ?? false }

    /// How a transfer ends that libcurl does not take or cannot go on with.
    private static func ending(_ code: CURLMcode) -> CURLcode {
        switch code {
        case CURLM_OK: CURLE_OK
        case CURLM_OUT_OF_MEMORY: CURLE_OUT_OF_MEMORY
        case CURLM_UNRECOVERABLE_POLL: CURLE_UNRECOVERABLE_POLL
        default: CURLE_FAILED_INIT
        }
    }

    /// CURLE_OK unless libcurl does not take it.
    func add(_ transfer: Transfer) -> CURLcode {
        Multi.ending(curl_multi_add_handle(handle, transfer.easyHandle))
    }

    func remove(_ transfer: Transfer) {
        ForkGate.working { _ = curl_multi_remove_handle(handle, transfer.easyHandle) }
    }

    /// Does what can be done without waiting, and not for long after the deadline. CURLE_OK unless libcurl cannot go on.
    func perform(until deadline: Deadline) -> CURLcode {
        sockets.step.pointee.begin(until: deadline)
        var running: Int32 = 0
        return Multi.ending(ForkGate.working { curl_multi_perform(handle, &running) })
    }

    /// Waits for something to do, for a `wakeUp`, or for `milliseconds`. CURLE_OK unless libcurl cannot go on.
    ///
    /// Not by `curl_multi_poll` and `curl_multi_wakeup`: theirs are descriptors that nobody can ask whether they still lead
    /// where they did.
    func poll(milliseconds: Int) -> CURLcode {
        let limit = Int32(truncatingIfNeeded: min(milliseconds, 60_000))
        var alarm = curl_waitfd(fd: sockets.alarm, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        guard alarm.fd >= 0 else { return CURLE_OK }
        let code = curl_multi_wait(handle, &alarm, 1, limit, nil)
        if alarm.revents != 0 { sockets.silenceAlarm() }
        return Multi.ending(code)
    }

    /// Ends the `poll` that is going on, or else the next one.
    func wakeUp() { sockets.raiseAlarm() }

    /// A transfer that has ended, and how.
    func nextEnded() -> (transfer: Transfer, code: CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let data = ccurl_get_private(easy)
            else { continue }
            return (Transfer(owner: data), message.pointee.data.result)
        }
        return nil
    }
}

/// As many as libcurl needs to wake itself with, which is two in one version and four in another.
private func areDescriptorsLeft() -> Bool { withSocketPair { withSocketPair { true } } }

private func withSocketPair(_ body: () -> Bool) -> Bool {
    var (one, other): (Int32, Int32) = (-1, -1)
    guard platform_socket_pair(Int32(SOCK_STREAM.rawValue), &one, &other) == 0 else { return false }
    defer {
        close(one)
        close(other)
    }
    return body()
}
