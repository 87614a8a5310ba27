/// The transfers that one thread, the group's owner, has in progress at the same time: see `Transport+Groups.swift`. A
/// call without a group has one transfer.
///
/// A pointer to shared memory. The owner closes the group on the transport and then destroys it.
struct TransferGroup: ListElement {
    /// The members that never change.
    struct Shared: ~Copyable {
        /// Where the owner sleeps. It is woken when a transfer has ended, the group was woken, or the client was
        /// cancelled.
        let sleeper: Sleeper
        let locked: Box<Locked>

        init(isOfHost: Bool) throws(Failure) {
            let sleeper = try Sleeper(isOfHost: isOfHost)
            locked = try Box(Locked())
            self.sleeper = sleeper
        }
    }

    /// The members that the transport's lock protects.
    struct Locked: ~Copyable {
        /// The transfers that have ended and that the owner has not taken yet.
        var ended = LinkedList<Transfer>()
        /// How many transfers are queued or running.
        var underWay = 0
        /// Whether `next` is to return because of `wake`.
        var isWoken = false
        /// The neighbours in the transport's list of open groups.
        var links = ListLinks<TransferGroup>()
    }

    let shared: UnsafeMutablePointer<Shared>

    /// - Parameter isOfHost: whether the owner is a thread of the host, and not the guards' thread.
    init(isOfHost: Bool) throws(Failure) {
        shared = try allocateShared(Shared(isOfHost: isOfHost))
    }

    func destroy() { destroyShared(shared) }

    var locked: UnsafeMutablePointer<Locked> { shared.pointee.locked.pointer }

    var links: ListLinks<TransferGroup> {
        get { locked.pointee.links }
        nonmutating set { locked.pointee.links = newValue }
    }

    static func == (one: TransferGroup, other: TransferGroup) -> Bool { one.shared == other.shared }
}
