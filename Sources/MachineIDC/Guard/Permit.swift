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
    /// How near the end a glance no longer will do: a tick more than the tolerance.
    private static var margin: Int64 { 30_000_000 }

    /// On the clock of ages; 0 for no permission.
    private let end = Atomic<Int64>(0)
    /// On the coarse monotonic clock.
    private let glanceEnd = Atomic<Int64>(0)
    /// From the monotonic to the wall clock.
    private let distance = Atomic<Int64>(0)
    /// The process that the permission is for.
    private let generation: Int

    init(generation: Int) { self.generation = generation }

    var isValid: Bool {
        let end = end.load(ordering: .acquiring)
        guard end != 0, generation == WipedOnFork.page?.pointee.generation.load(ordering: .relaxed) else { return false }
        let glanceEnd = glanceEnd.load(ordering: .acquiring)
        let expected = distance.load(ordering: .acquiring)
        let wall = Clock.read(CLOCK_REALTIME_COARSE)
        let monotonic = Clock.read(CLOCK_MONOTONIC_COARSE)
        let drift = wall &- monotonic &- expected
        if monotonic < glanceEnd, drift < Permit.tolerance, drift > 0 &- Permit.tolerance { return true }
        return Clock.ofAges < end
    }

    /// Milliseconds until the end, rounded up.
    var remaining: Int { Clock.milliseconds(left: end.load(ordering: .acquiring) &- Clock.ofAges) }

    /// - Parameter moment: on the clock of ages.
    func extend(until moment: Int64) {
        let left = moment &- Clock.ofAges
        end.store(moment, ordering: .releasing)
        glanceEnd.store(Clock.read(CLOCK_MONOTONIC) &+ left &- Permit.margin, ordering: .releasing)
        let wall = Clock.read(CLOCK_REALTIME_COARSE)
        distance.store(wall &- Clock.read(CLOCK_MONOTONIC_COARSE), ordering: .releasing)
    }

    func withdraw() {
        end.store(0, ordering: .releasing)
    }
}
