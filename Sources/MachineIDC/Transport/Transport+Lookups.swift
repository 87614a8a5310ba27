internal import CPlatform

// The look-ups of one transport. These functions require the lock.
extension Transport {
    /// How long a transport remembers that it left a look-up behind, in milliseconds. This is longer than resolvers
    /// take.
    private static var slowLookupMemory: Int { 30_000 }
    /// How many look-ups a transport has in progress at once during that time.
    private static var maximumLookups: Int { 4 }

    /// Records that libcurl leaves a resolver thread behind, if this transfer has one. Call it before the transfer is
    /// taken out of libcurl.
    @inline(never)
    func recordLookup(of transfer: Transfer) {
        guard transfer.isLookingUp else { return }
        PerProcessPage.unchecked?.pointee.lookups.recordLeftBehind()
        locked.pointee.lookupsAreSlowUntil = .after(milliseconds: Transport.slowLookupMemory)
    }

    /// Milliseconds until another transfer that may need a look-up can start; 0 when it can start now. A transfer that
    /// finds a kept connection needs no look-up.
    func lookupWait() -> Int {
        guard let end = locked.pointee.lookupsAreSlowUntil else { return isFirstLookupPending ? 100 : 0 }
        if end.hasPassed {
            locked.pointee.lookupsAreSlowUntil = nil
            return 0
        }
        var resolving = 0
        locked.pointee.running.forEach { if $0.isLookingUp { resolving &+= 1 } }
        if locked.pointee.running.count &- resolving < shared.pointee.multi.sockets.countOpen() { return 0 }
        let wait = PerProcessPage.unchecked?.pointee.lookups.millisecondsUntilNext ?? 0
        return resolving < Transport.maximumLookups ? wait : max(wait, 100)
    }

    /// Whether the authority's address is still unknown and enough transfers are looking it up. All transfers share
    /// what they find.
    private var isFirstLookupPending: Bool {
        if locked.pointee.addressIsKnown || locked.pointee.running.count < Transport.maximumLookups { return false }
        locked.pointee.addressIsKnown = locked.pointee.running.last { !$0.isLookingUp } != nil
        return !locked.pointee.addressIsKnown
    }
}

extension Transfer {
    /// Whether a resolver thread may be working for the transfer. A transfer that has found a kept connection has none,
    /// although libcurl 8 then records no look-up time.
    fileprivate var isLookingUp: Bool { exchange.isResolving && exchange.progress == .connecting }
}
