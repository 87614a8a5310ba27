internal import CCurl
internal import CPlatform

/// A libcurl multi handle: the connections that transfers share. Only the driver uses it; `wake` can be called by any
/// thread that holds the transport's lock.
struct Multi: ~Copyable {
    /// The open sockets of the handle, and the pipe that wakes `poll`.
    let sockets: SocketTable
    /// The handle; nil when it had to be replaced and a new one could not be made yet. libcurl then refuses every call.
    private let handleBox: Box<UnsafeMutableRawPointer?>
    private var handle: UnsafeMutableRawPointer? { handleBox.pointer.pointee }

    init(maxConnections: Int, _ statistics: Statistics) throws(Failure) {
        let handleBox = try Box<UnsafeMutableRawPointer?>(nil)
        // One attempt to connect may have two sockets open at once, one for IPv6 and one for IPv4, and six from libcurl
        // 8.20 on. The pipe takes two more entries.
        let sockets = try SocketTable(capacity: (maxConnections &+ Hedging.mostAtOnce) &* 6 &+ 2, statistics)
        do throws(Failure) {
            handleBox.pointer.pointee = try Multi.make(maxConnections, sockets)
        } catch {
            sockets.closeAll()
            sockets.destroy()
            throw error
        }
        self.sockets = sockets
        self.handleBox = handleBox
    }

    /// Makes a handle and its pipe.
    @inline(never)
    private static func make(_ maxConnections: Int, _ sockets: SocketTable) throws(Failure) -> UnsafeMutableRawPointer {
        guard let made = curl_multi_init() else { throw areDescriptorsLeft() ? .outOfMemory : .noDescriptor }
        guard sockets.openWakePipe() else {
            curl_multi_cleanup(made)
            throw .noDescriptor
        }
        guard Multi.configure(made, maxConnections), Multi.learnNoSignal(made) else {
            curl_multi_cleanup(made)
            throw .outOfMemory
        }
        return made
    }

    /// Replaces the handle after the host closed descriptors of it. Whatever libcurl has in progress and open on the
    /// old handle is left alone for good. Requires the lock, as `wake` does.
    @inline(never)
    func rebuild(maxConnections: Int) {
        sockets.closeAll()
        handleBox.pointer.pointee = nil
        do throws(Failure) {
            handleBox.pointer.pointee = try Multi.make(maxConnections, sockets)
        } catch {
            error.message.destroy()
        }
    }

    /// Whether there is no handle, because a new one could not be made.
    var isMissing: Bool { handle == nil }

    /// Sets the handle's options.
    private static func configure(_ multi: UnsafeMutableRawPointer, _ maxConnections: Int) -> Bool {
        // From 8.20 on libcurl would otherwise wait for the threads that resolve names; earlier versions never did.
        ccurl_multi_leave_resolvers(multi)
        return limit(multi, to: maxConnections)
            && ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING)) == CURLM_OK
    }

    /// Sets how many connections may be open, not counting those for hedges, and how many are kept.
    private static func limit(_ multi: UnsafeMutableRawPointer, to maxConnections: Int) -> Bool {
        ccurl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, maxConnections &+ Hedging.mostAtOnce) == CURLM_OK
            && ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, maxConnections) == CURLM_OK
    }

    /// Adds and removes an easy handle with CURLOPT_NOSIGNAL. libcurl 7.88 takes from the first transfer whether it may
    /// change signal handlers; the clean-up of a multi handle that never had a transfer would set SIGPIPE to be ignored
    /// meanwhile.
    private static func learnNoSignal(_ multi: UnsafeMutableRawPointer) -> Bool {
        guard let easy = curl_easy_init() else { return false }
        defer { curl_easy_cleanup(easy) }
        guard ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1) == CURLE_OK else { return false }
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else { return false }
        return curl_multi_remove_handle(multi, easy) == CURLM_OK
    }

    deinit {
        // If the host has closed some of the descriptors, libcurl would close what the host has opened under their
        // numbers since, and TLS would write to it.
        if !sockets.check() {
            let handle = handle
            ForkGate.holdingOffFork { _ = curl_multi_cleanup(handle) }
        }
        sockets.closeAll()
        sockets.destroy()
    }

    /// Changes how many connections may be open. Excess connections are closed as their transfers end. Returns false
    /// when libcurl refuses.
    func limit(to maxConnections: Int) -> Bool { handle.map { Multi.limit($0, to: maxConnections) } ?? false }

    /// Changes how many connections are kept when they are idle. That libcurl refuses does no harm.
    func keep(_ count: Int) { handle.map { _ = ccurl_multi_set_long($0, CURLMOPT_MAXCONNECTS, count) } }

    /// The code for a transfer that libcurl does not accept or cannot continue.
    private static func ending(_ code: CURLMcode) -> CURLcode {
        switch code {
        case CURLM_OK: CURLE_OK
        case CURLM_OUT_OF_MEMORY: CURLE_OUT_OF_MEMORY
        case CURLM_UNRECOVERABLE_POLL: CURLE_UNRECOVERABLE_POLL
        default: CURLE_FAILED_INIT
        }
    }

    /// Adds a transfer. Returns CURLE_OK unless libcurl refuses it.
    func add(_ transfer: Transfer) -> CURLcode {
        Multi.ending(curl_multi_add_handle(handle, transfer.easyHandle))
    }

    /// Removes a transfer.
    func remove(_ transfer: Transfer) {
        ForkGate.holdingOffFork { _ = curl_multi_remove_handle(handle, transfer.easyHandle) }
    }

    /// Does what can be done without waiting, and stops soon after the deadline. Returns CURLE_OK unless libcurl cannot
    /// continue.
    func perform(until deadline: MonotonicTime) -> CURLcode {
        sockets.watchdog.pointee.begin(until: deadline)
        var running: Int32 = 0
        return Multi.ending(ForkGate.holdingOffFork { curl_multi_perform(handle, &running) })
    }

    /// Waits until there is something to do, for a `wake`, or for `milliseconds`, one minute at most. Returns
    /// CURLE_OK unless libcurl cannot continue.
    ///
    /// It does not use `curl_multi_poll` and `curl_multi_wakeup`: there is no way to check whether their descriptors
    /// still belong to libcurl.
    func poll(milliseconds: Int) -> CURLcode {
        let limit = Int32(truncatingIfNeeded: min(milliseconds, 60_000))
        var pipe = curl_waitfd(fd: sockets.polledPipe, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        guard pipe.fd >= 0 else { return CURLE_OK }
        let code = curl_multi_wait(handle, &pipe, 1, limit, nil)
        if pipe.revents != 0 { sockets.drainWakePipe() }
        return Multi.ending(code)
    }

    /// Ends the `poll` in progress, or else the next one.
    func wake() { sockets.writeWakePipe() }

    /// The next transfer that has ended, with its code; nil when there is none.
    func nextEnded() -> (transfer: Transfer, code: CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let data = ccurl_get_private(easy)
            else { continue }
            return (Transfer(easyData: data), message.pointee.data.result)
        }
        return nil
    }
}

/// Whether there are as many free descriptors as libcurl needs to wake itself, which is two in some versions and four
/// in others.
private func areDescriptorsLeft() -> Bool { withSocketPair { withSocketPair { true } } }

/// Runs `body` while a socket pair is open. Returns false when there are no descriptors for one.
private func withSocketPair(_ body: () -> Bool) -> Bool {
    var (one, other): (Int32, Int32) = (-1, -1)
    guard platform_socket_pair(&one, &other) == 0 else { return false }
    defer {
        close(one)
        close(other)
    }
    return body()
}
