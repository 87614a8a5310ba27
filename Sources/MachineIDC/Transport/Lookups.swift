internal import CPlatform
internal import Synchronization

/// Limits the threads that libcurl leaves behind in this process while they resolve names.
///
/// A silent nameserver keeps such a thread, with two descriptors, for ten seconds or more, however short the time limit
/// of the call that needed the name, and nothing reports its end. So each counts for one second: a few may be left
/// behind at once, and after that one each second. A call that needs another look-up waits, within its own time limit.
struct Lookups: ~Copyable {
    /// How many may be left behind at once.
    private static var burst: Int64 { 8 }
    /// How long each counts, in nanoseconds.
    private static var weight: Int64 { 1_000_000_000 }

    /// When the last one left behind stops counting, on CLOCK_MONOTONIC in nanoseconds.
    private let end = Atomic<Int64>(0)

    /// Records that one more is left behind.
    func note() {
        let now = Clock.read(CLOCK_MONOTONIC)
        let known = end.load(ordering: .relaxed)
        // When another thread changes `end` at the same moment, one of the two is not counted. However many come at
        // once, they never count for more than the burst plus one.
        let next = min(max(known, now), now &+ Lookups.burst &* Lookups.weight) &+ Lookups.weight
        _ = end.compareExchange(expected: known, desired: next, ordering: .relaxed)
    }

    /// Milliseconds until one more look-up may begin; 0 when it may begin now.
    var wait: Int {
        let over = end.load(ordering: .relaxed) &- Lookups.burst &* Lookups.weight &- Clock.read(CLOCK_MONOTONIC)
        return over <= 0 ? 0 : Clock.milliseconds(left: over)
    }
}

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
        WipedOnFork.page?.pointee.lookups.note()
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
        let wait = WipedOnFork.page?.pointee.lookups.wait ?? 0
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
