internal import CCurl
internal import CPlatform

/// One question of a caller's and the answer to it: where it stands among the others, and the exchange with the authority
/// that it is to come by. Kept and used again by the transport it belongs to.
///
/// A pointer to shared memory, in parts by who may touch them.
struct Transfer: Linked {
    enum Stage { case idle, queued, running, ended }

    /// What never changes.
    struct Shared: ~Copyable {
        /// Woken when the stage may have changed, or the client was cancelled.
        let caller: Sleeper
        let exchange: Box<Exchange>
        let place: Box<Place>

        init(_ settings: borrowing Settings, sockets: SocketTable) throws(Failure) {
            let caller = try Sleeper()
            let place = try Box(Place())
            let exchange = try Exchange(settings, sockets: sockets)
            do throws(Failure) {
                self.exchange = try Box(exchange)
            } catch {
                exchange.destroy()
                throw error
            }
            self.caller = caller
            self.place = place
        }

        deinit { exchange.pointer.pointee.destroy() }
    }

    /// Where it stands among the others: what the transport's lock guards.
    struct Place: ~Copyable {
        var stage = Stage.idle
        var isAbandoned = false
        /// The group it is under way in.
        var group: TransferGroup?
        /// The one that asks the same a second time, and the one that it asks for: see `Transport+Hedging.swift`.
        var hedge: Transfer?
        var original: Transfer?
        /// When a hedge of it last came to nothing, on the monotonic clock.
        var hedgeEndedAt: Int64 = 0
        var links = Links<Transfer>()
    }

    let shared: UnsafeMutablePointer<Shared>

    init(_ settings: borrowing Settings, sockets: SocketTable) throws(Failure) {
        shared = try allocate(Shared(settings, sockets: sockets))
        exchange.content.pointee.easy.note(owner: shared)
    }

    /// The transfer that an easy handle works for.
    init(owner: UnsafeMutableRawPointer) {
        shared = owner.assumingMemoryBound(to: Shared.self)
    }

    @inline(never)
    func destroy() { deallocate(shared) }

    /// Only while it is the caller's, or with the transport locked.
    var exchange: Exchange { shared.pointee.exchange.pointer.pointee }

    /// Each goes on with what the other had. Locked, and neither is the caller's.
    func swapExchanges(with other: Transfer) {
        let mine = exchange
        shared.pointee.exchange.pointer.pointee = other.exchange
        other.shared.pointee.exchange.pointer.pointee = mine
        exchange.content.pointee.easy.note(owner: shared)
        mine.content.pointee.easy.note(owner: other.shared)
    }

    var place: UnsafeMutablePointer<Place> { shared.pointee.place.pointer }

    var links: Links<Transfer> {
        get { place.pointee.links }
        nonmutating set { place.pointee.links = newValue }
    }

    static func == (one: Transfer, other: Transfer) -> Bool { one.shared == other.shared }

    var easyHandle: UnsafeMutableRawPointer { exchange.content.pointee.easy.handle }

    /// Wakes whoever waits for it. Locked.
    func wake() {
        if let group = place.pointee.group {
            group.shared.pointee.caller.wake()
        } else {
            shared.pointee.caller.wake()
        }
    }
}
