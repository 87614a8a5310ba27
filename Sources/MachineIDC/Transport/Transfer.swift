internal import CCurl
internal import CPlatform

/// One request of a caller's: its place in the transport's lists, and the exchange that carries it out. The transport
/// that it belongs to keeps it and uses it again.
///
/// A pointer to shared memory, divided by which thread may access what.
struct Transfer: ListElement {
    /// `queued`: waits for the driver. `running`: added to libcurl. `ended`: libcurl is done, and the caller has not
    /// looked at it yet.
    enum Stage { case idle, queued, running, ended }

    /// The members that never change.
    struct Shared: ~Copyable {
        /// Where the caller sleeps. It is woken when the stage may have changed, or the client was cancelled.
        let sleeper: Sleeper
        /// The exchange at the moment: see `swapExchanges`.
        let exchange: Box<Exchange>
        let locked: Box<Locked>

        init(_ settings: borrowing Settings, sockets: SocketTable) throws(Failure) {
            let sleeper = try Sleeper(isOfHost: true)
            let locked = try Box(Locked())
            let exchange = try Exchange(settings, sockets: sockets)
            do throws(Failure) {
                self.exchange = try Box(exchange)
            } catch {
                exchange.destroy()
                throw error
            }
            self.sleeper = sleeper
            self.locked = locked
        }

        deinit { exchange.pointer.pointee.destroy() }
    }

    /// The members that the transport's lock protects.
    struct Locked: ~Copyable {
        var stage = Stage.idle
        /// Whether the caller has left, so that the driver is to clear the transfer away.
        var isAbandoned = false
        /// The group that the transfer was started in; nil for a call of its own.
        var group: TransferGroup?
        /// The hedge of this transfer, or the transfer that this one is the hedge of: see `Transport+Hedging.swift`.
        var hedge: Transfer?
        var original: Transfer?
        /// Whether this transfer is a hedge with a reply that is kept aside: see `Transport+Hedging.swift`.
        var isKeptAside = false
        /// When a hedge of this transfer last failed, or had its reply kept aside.
        var hedgeEndedAt = MonotonicTime.zero
        /// Whether a hedge of this transfer stayed silent and was replaced.
        var hedgeWasReplaced = false
        /// The neighbours in the transport's or the group's list.
        var links = ListLinks<Transfer>()
    }

    let shared: UnsafeMutablePointer<Shared>

    init(_ settings: borrowing Settings, sockets: SocketTable) throws(Failure) {
        shared = try allocateShared(Shared(settings, sockets: sockets))
        exchange.content.pointee.easy.setTransfer(shared)
    }

    /// The transfer that is stored in an easy handle.
    init(easyData data: UnsafeMutableRawPointer) {
        shared = data.assumingMemoryBound(to: Shared.self)
    }

    @inline(never)
    func destroy() { destroyShared(shared) }

    /// The exchange. Use it only while the transfer belongs to the caller, or with the lock held.
    var exchange: Exchange { shared.pointee.exchange.pointer.pointee }

    /// Swaps the exchanges of two transfers. Neither may belong to its caller at the moment. Requires the lock.
    func swapExchanges(with other: Transfer) {
        let mine = exchange
        shared.pointee.exchange.pointer.pointee = other.exchange
        other.shared.pointee.exchange.pointer.pointee = mine
        exchange.content.pointee.easy.setTransfer(shared)
        mine.content.pointee.easy.setTransfer(other.shared)
    }

    var locked: UnsafeMutablePointer<Locked> { shared.pointee.locked.pointer }

    var links: ListLinks<Transfer> {
        get { locked.pointee.links }
        nonmutating set { locked.pointee.links = newValue }
    }

    static func == (one: Transfer, other: Transfer) -> Bool { one.shared == other.shared }

    var easyHandle: UnsafeMutableRawPointer { exchange.content.pointee.easy.handle }

    /// Wakes the thread that waits for the transfer: its caller, or the owner of its group. Requires the lock.
    func wakeOwner() {
        if let group = locked.pointee.group {
            group.shared.pointee.sleeper.wake()
        } else {
            shared.pointee.sleeper.wake()
        }
    }
}
