internal import CPlatform
internal import Synchronization

/// The permission to run, with its end: what `mid_guard_allowed` looks at, without a lock and from any thread.
///
/// The exact clock costs 30 ns, and a system call where the machine's counter cannot be read from user space. So a glance
/// at two coarse clocks (5 ns each) settles it as long as the end is not near and the wall clock has kept its distance to
/// the monotonic one, which stands still during suspend and is not stepped. Otherwise the exact clock decides.
///
/// Written by one thread at a time.
struct Permit: ~Copyable {
    /// How far apart two glances at clocks that tick every 10 ms or faster may be.
    private static var tolerance: Int64 { 20_000_000 }

    /// On the clock of ages; 0 for no permission.
    private let end = Atomic<Int64>(0)
    /// On the coarse monotonic clock; 0 where a glance does not do.
    private let glanceEnd = Atomic<Int64>(0)
    /// From the monotonic to the wall clock.
    private let distance = Atomic<Int64>(0)
    /// The process that the permission is for.
    private let generation: Int

    init(generation: Int) { self.generation = generation }

    var isValid: Bool {
        guard end.load(ordering: .acquiring) != 0, ForkGeneration.isCurrent(generation) else { return false }
        // In this order: whoever has the distance of an extension has its end of glances too, or none.
        let expected = distance.load(ordering: .acquiring)
        let glanceEnd = glanceEnd.load(ordering: .acquiring)
        let monotonic = Clock.read(CLOCK_MONOTONIC_COARSE)
        guard monotonic < glanceEnd else { return Clock.ofAges < end.load(ordering: .acquiring) }
        return !hasDrifted(from: expected, monotonic) || looksClosely(glanceEnd, expected)
    }

    private func hasDrifted(from expected: Int64, _ monotonic: Int64) -> Bool {
        let drift = Clock.read(CLOCK_REALTIME_COARSE) &- monotonic &- expected
        return drift >= Permit.tolerance || drift <= 0 &- Permit.tolerance
    }

    /// By the exact clock. Where the wall clock has not kept its distance, glances are over until the next extension: a
    /// step back could make up for a suspend, and bring back what has lapsed.
    @inline(never)
    private func looksClosely(_ glanceEnd: Int64, _ expected: Int64) -> Bool {
        let isValid = Clock.ofAges < end.load(ordering: .acquiring)
        // A second time, since the thread may have stood still between two glances.
        if !isValid || hasDrifted(from: expected, Clock.read(CLOCK_MONOTONIC_COARSE)) {
            // Unless there has been an extension meanwhile.
            _ = self.glanceEnd.compareExchange(expected: glanceEnd, desired: 0, ordering: .relaxed)
        }
        return isValid
    }

    /// Milliseconds until the end, rounded up.
    var remaining: Int { Clock.milliseconds(left: end.load(ordering: .acquiring) &- Clock.ofAges) }

    /// - Parameter moment: on the clock of ages.
    func extend(until moment: Int64) {
        // No glance may go by one part of the old and one of the new.
        glanceEnd.store(0, ordering: .releasing)
        let wall = Clock.read(CLOCK_REALTIME_COARSE)
        distance.store(wall &- Clock.read(CLOCK_MONOTONIC_COARSE), ordering: .releasing)
        end.store(moment, ordering: .releasing)
        let (monotonic, ages) = (Clock.read(CLOCK_MONOTONIC), Clock.ofAges)
        // Then there are no glances.
        guard max(wall, monotonic, ages) != Clock.unreadable else { return }
        let left = moment &- ages
        glanceEnd.store(monotonic &+ left &- Permit.margin(left), ordering: .releasing)
    }

    func withdraw() {
        end.store(0, ordering: .releasing)
    }

    /// How near the end a glance no longer will do: by how much the coarse clocks may be late. That is a tick more than the
    /// tolerance where they are kept, and any time where the virtual processor that keeps them stands still while this one
    /// runs. So it is a quarter of what is left, where that is more: the next allow is there before, so it costs nothing.
    private static func margin(_ left: Int64) -> Int64 { max(30_000_000, left / 4) }
}
