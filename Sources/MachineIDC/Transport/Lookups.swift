internal import CPlatform
internal import Synchronization

/// How many threads that resolve a name libcurl has left behind in this process.
///
/// A nameserver that is silent keeps such a thread, with two descriptors, for ten seconds or more, however short the time
/// of the call that needed the name, and nobody is told when it is gone. So each counts for a second: a few may be left at
/// once, and one a second from then on. Whoever would need another one waits, as long as he has time.
struct Lookups: ~Copyable {
    /// As many may be left behind at once.
    private static var burst: Int64 { 8 }
    /// Nanoseconds that each counts for.
    private static var weight: Int64 { 1_000_000_000 }

    /// When the last of those that were left behind ceases to count, on the monotonic clock.
    private let end = Atomic<Int64>(0)

    /// One more is left behind.
    func note() {
        let now = Clock.read(CLOCK_MONOTONIC)
        let known = end.load(ordering: .relaxed)
        // Where another thread comes between, one is not counted. However many come at once, they never
        // count for more than the burst and one.
        let next = min(max(known, now), now &+ Lookups.burst &* Lookups.weight) &+ Lookups.weight
        _ = end.compareExchange(expected: known, desired: next, ordering: .relaxed)
    }

    /// Milliseconds until one more may be begun; 0 when it may now.
    var wait: Int {
        let over = end.load(ordering: .relaxed) &- Lookups.burst &* Lookups.weight &- Clock.read(CLOCK_MONOTONIC)
        return over <= 0 ? 0 : Clock.milliseconds(left: over)
    }
}

// Of one transport. Locked.
extension Transport {
    /// How long a transport remembers that it has left one behind, in milliseconds: longer than resolvers take.
    private static var memory: Int { 30_000 }
    /// How many it has under way at once in that time.
    private static var width: Int { 4 }

    /// Before a transfer goes: whether libcurl leaves its thread behind.
    @inline(never)
    func noteLookup(of transfer: Transfer) {
        guard transfer.isLookingUp else { return }
        WipedOnFork.page?.pointee.lookups.note()
        calls.pointee.lookupsAreSlowUntil = .after(milliseconds: Transport.memory)
    }

    /// Milliseconds until a transfer may be taken on that may need a look-up; 0 when it may now. What finds a kept connection
    /// needs none.
    func lookupWait() -> Int {
        guard let end = calls.pointee.lookupsAreSlowUntil else { return 0 }
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
}

extension Transfer {
    /// Whether it may have a thread at work. What has found a kept connection has none, though libcurl 8 notes no time for its
    /// look-up.
    fileprivate var isLookingUp: Bool { isResolving && progress == .connecting }
}
