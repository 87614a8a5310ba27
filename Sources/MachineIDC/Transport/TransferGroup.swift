/// The transfers that one caller has under way at the same time, where a call has one: see `Transport+Groups.swift`.
///
/// A pointer to shared memory; whoever made it destroys it, after the transport has closed it.
struct TransferGroup: Linked {
    struct Shared: ~Copyable {
        /// Woken when a transfer has ended, the group was woken, or the client was cancelled.
        let caller: Sleeper
        let place: Box<Place>

        init() throws(Failure) {
            let caller = try Sleeper()
            place = try Box(Place())
            self.caller = caller
        }
    }

    /// What the transport's lock guards.
    struct Place: ~Copyable {
        /// Ended, and not yet looked at by the caller.
        var ended = LinkedList<Transfer>()
        /// How many are queued or running.
        var underWay = 0
        var isWoken = false
        /// Its place among the open groups of the transport.
        var links = Links<TransferGroup>()
    }

    let shared: UnsafeMutablePointer<Shared>

    init() throws(Failure) {
        shared = try allocate(Shared())
    }

    func destroy() { deallocate(shared) }

    var place: UnsafeMutablePointer<Place> { shared.pointee.place.pointer }

    var links: Links<TransferGroup> {
        get { place.pointee.links }
        nonmutating set { place.pointee.links = newValue }
    }

    static func == (one: TransferGroup, other: TransferGroup) -> Bool { one.shared == other.shared }
}
