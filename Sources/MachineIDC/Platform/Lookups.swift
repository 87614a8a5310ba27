internal import CPlatform
internal import Synchronization

/// Limits the threads that libcurl leaves behind in this process while they resolve names.
///
/// A silent nameserver keeps such a thread, with two descriptors, for ten seconds or more, however short the time limit
/// of the call that needed the name, and nothing reports its end. So each counts for one second: a few may be left
/// behind at once, and after that one each second. A call that needs another look-up waits, within its own time limit.
struct Lookups: ~Copyable {
    /// How many may be left behind at once.
    private static var maximumAtOnce: Int64 { 8 }
    /// How long each counts, in nanoseconds.
    private static var countsFor: Int64 { 1_000_000_000 }

    /// When the last one left behind stops counting, on CLOCK_MONOTONIC in nanoseconds.
    private let end = Atomic<Int64>(0)

    /// Records that one more is left behind.
    func recordLeftBehind() {
        let now = Clock.read(CLOCK_MONOTONIC)
        let known = end.load(ordering: .relaxed)
        // When another thread changes `end` at the same moment, one of the two is not counted. However many come at
        // once, they never count for more than the maximum plus one.
        let next = min(max(known, now), now &+ Lookups.maximumAtOnce &* Lookups.countsFor) &+ Lookups.countsFor
        _ = end.compareExchange(expected: known, desired: next, ordering: .relaxed)
    }

    /// Milliseconds until one more look-up may begin; 0 when it may begin now.
    var millisecondsUntilNext: Int {
        let known = end.load(ordering: .relaxed)
        let over = known &- Lookups.maximumAtOnce &* Lookups.countsFor &- Clock.read(CLOCK_MONOTONIC)
        return over <= 0 ? 0 : Clock.milliseconds(left: over)
    }
}
