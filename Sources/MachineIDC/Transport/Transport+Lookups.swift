internal import CPlatform

// The look-ups of one transport. These functions require the lock.
extension Transport {
    /// How long a transport remembers that it left a look-up behind, in milliseconds. This is longer than resolvers
    /// take.
    private static var memory: Int { 30_000 }
    /// How many look-ups a transport has in progress at once during that time.
    private static var width: Int { 4 }

    /// Records that libcurl leaves a resolver thread behind, if this transfer has one. Call it before the transfer is
    /// taken out of libcurl.
    @inline(never)
    func noteLookup(of transfer: Transfer) {
        guard transfer.isLookingUp else { return }
        PerProcessPage.unchecked?.pointee.lookups.note()
        calls.pointee.lookupsAreSlowUntil = .after(milliseconds: Transport.memory)
    }

    /// Milliseconds until another transfer that may need a look-up can start; 0 when it can start now. A transfer that
    /// finds a kept connection needs no look-up.
    func lookupWait() -> Int {
        guard let end = calls.pointee.lookupsAreSlowUntil else { return isFirstWave ? 100 : 0 }
        if end.hasPassed {
            calls.pointee.lookupsAreSlowUntil = nil
            return 0
        }
        var resolving = 0
        calls.pointee.running.forEach { if $0.isLookingUp { resolving &+= 1 } }
        if calls.pointee.running.count &- resolving < shared.pointee.multi.sockets.countOpen() { return 0 }
        let wait = PerProcessPage.unchecked?.pointee.lookups.wait ?? 0
        return resolving < Transport.width ? wait : max(wait, 100)
    }

    /// Whether the authority's address is still unknown and enough transfers are looking it up. All transfers share
    /// what they find.
    private var isFirstWave: Bool {
        if calls.pointee.isNamed || calls.pointee.running.count < Transport.width { return false }
        calls.pointee.isNamed = calls.pointee.running.last { !$0.isLookingUp } != nil
        return !calls.pointee.isNamed
    }
}

extension Transfer {
    /// Whether a resolver thread may be working for the transfer. A transfer that has found a kept connection has none,
    /// although libcurl 8 then records no look-up time.
    fileprivate var isLookingUp: Bool { exchange.isResolving && exchange.progress == .connecting }
}
