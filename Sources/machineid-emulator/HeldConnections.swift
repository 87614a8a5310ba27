import CMicrohttpd
import Glibc

/// The requests that have to wait for their answer. libmicrohttpd's threads serve others meanwhile: it leaves a
/// suspended connection alone, so a thread of this object watches whether its client goes away.
final class HeldConnections: Sendable {
    private struct Held: @unchecked Sendable {
        let connection: OpaquePointer
        let exchange: Exchange
        let socket: CInt
        /// On the monotonic clock, in milliseconds; nil when only its end ends the wait.
        let deadline: Int?
    }

    private struct Contents: Sendable {
        var held: [Held] = []
        var isStopped = false
    }

    private let contents = Monitor(Contents())
    /// Wakes the thread.
    private let wakeUp: CInt
    /// The thread's end.
    private let isEnded = Monitor(false)

    /// nil when the system refuses a descriptor or a thread.
    init?() {
        wakeUp = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        if wakeUp < 0 { return nil }
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { this in
                guard let this else { return nil }
                Unmanaged<HeldConnections>.fromOpaque(this).takeRetainedValue().watch()
                return nil
            }, this.toOpaque())
        if status != 0 {
            this.release()
            return nil
        }
        pthread_detach(thread)
    }

    deinit { if wakeUp >= 0 { close(wakeUp) } }

    /// Suspends a connection for some time, or, for nil, until the client ends it. libmicrohttpd then presents the
    /// request again. Returns false when the emulator ends.
    func hold(_ exchange: Exchange, _ connection: OpaquePointer, milliseconds: Int?) -> Bool {
        let deadline = milliseconds.map { monotonicMilliseconds() + $0 }
        let held = Held(
            connection: connection, exchange: exchange, socket: socketOf(connection), deadline: deadline)
        let isHeld = contents.withLock { contents in
            if contents.isStopped { return false }
            MHD_suspend_connection(connection)
            contents.held.append(held)
            return true
        }
        if isHeld { wake() }
        return isHeld
    }

    /// Ends all waits, and those to come at once. libmicrohttpd must not be stopped with suspended connections.
    func stop() {
        contents.withLock { $0.isStopped = true }
        wake()
        isEnded.wait(seconds: 60) { $0 }
    }

    private func wake() { eventfd_write(wakeUp, 1) }

    /// Runs the thread: resumes each connection at its deadline, when its client has gone, and at the end.
    private func watch() {
        while true {
            let (held, isStopped) = contents.withLock { ($0.held, $0.isStopped) }
            if isStopped {
                for one in held { resume(one, isAbandoned: false) }
                contents.withLock { $0.held = [] }
                isEnded.withLock { $0 = true }
                return
            }
            let gone = waitForChange(of: held)
            let now = monotonicMilliseconds()
            let due = held.indices.filter { gone[$0] || held[$0].deadline.map { $0 <= now } ?? false }
            if due.isEmpty { continue }
            // Only this thread removes, and others append: the places are still the same.
            contents.withLock { contents in for index in due.reversed() { contents.held.remove(at: index) } }
            for index in due { resume(held[index], isAbandoned: gone[index]) }
        }
    }

    /// Waits for a deadline, a client that goes, or a wake-up. Returns whose client has gone.
    private func waitForChange(of held: [Held]) -> [Bool] {
        var polled = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
        polled += held.map { pollfd(fd: $0.socket, events: Int16(mhd_poll_peer_closed), revents: 0) }
        let deadline = held.compactMap(\.deadline).min()
        // One day and more cannot overflow the number of milliseconds.
        let timeout = deadline.map { CInt(clamping: max(0, $0 - monotonicMilliseconds())) } ?? -1
        poll(&polled, nfds_t(polled.count), timeout)
        var count: eventfd_t = 0
        if polled[0].revents != 0 { eventfd_read(wakeUp, &count) }
        return polled.dropFirst().map { $0.revents != 0 }
    }

    /// libmicrohttpd locks when it resumes, so its thread sees what is written here.
    private func resume(_ held: Held, isAbandoned: Bool) {
        held.exchange.isAbandoned = isAbandoned
        MHD_resume_connection(held.connection)
    }
}

/// The socket of a connection.
private func socketOf(_ connection: OpaquePointer) -> CInt {
    mhd_connection_socket(connection)
}

/// Resets a connection, so that the client's next read fails. libmicrohttpd itself would end it in order.
func reset(_ connection: OpaquePointer) {
    var nowhere = sockaddr()
    nowhere.sa_family = sa_family_t(AF_UNSPEC)
    // On Linux this takes a connected socket apart with a reset, and leaves the descriptor to its owner.
    connect(socketOf(connection), &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
}
