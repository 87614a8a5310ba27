internal import CPlatform
internal import Synchronization

/// The permission to run and when it expires. `mid_guard_allowed` reads it without a lock, from any thread.
///
/// It reads CLOCK_BOOTTIME, which is exact and goes on during suspend. There are cheaper clocks, but none that both
/// counts a suspend and cannot be set; a permit by such a clock could stay valid for too long.
struct Permit: ~Copyable {
    /// When the permission expires, on CLOCK_BOOTTIME in nanoseconds; 0 for no permission.
    private let end = Atomic<Int64>(0)
    /// The number of the process that the permission is for: see `ForkGeneration`.
    private let generation: Int

    init(generation: Int) { self.generation = generation }

    /// Whether the device may run now.
    var isValid: Bool {
        guard ForkGeneration.isCurrent(generation) else { return false }
        // An unreadable clock is later than every end. `end` is loaded after the clock is read, so that an `expire` in
        // between is not missed.
        let now = BootTime.now.nanoseconds
        return now < end.load(ordering: .acquiring)
    }

    /// Milliseconds until the permission expires, rounded up.
    var remaining: Int { Clock.milliseconds(left: end.load(ordering: .acquiring) &- BootTime.now.nanoseconds) }

    /// Sets when the permission expires.
    func extend(until moment: BootTime) { end.store(moment.nanoseconds, ordering: .releasing) }

    /// Ends the permission at once.
    func expire() { end.store(0, ordering: .releasing) }
}
