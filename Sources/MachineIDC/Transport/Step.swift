/// One step of libcurl's: what it does between being set to work and coming back.
///
/// A peer that sends without a pause keeps it there for as long as it likes: it reads the reply of a proxy to CONNECT, or
/// a chunk that never begins, until nothing more has come in. So it is asked from within, by its progress callback,
/// whether the thread that drives has to leave. Not each time: an ordinary step never comes to the first look at the clock.
struct Step {
    private static var callbacksBetweenLooks: Int { 64 }

    /// How long after its deadline a driver waits for a step to end by itself, in milliseconds. What this ends is not
    /// always the driver's own, and has to be asked again.
    private static var patience: Int { 20 }

    private var deadline = Deadline.now
    private var callbacks = 0
    private var flood = TLSFlood()

    mutating func begin(until deadline: Deadline) {
        self.deadline = deadline
        callbacks = 0
        flood = TLSFlood()
    }

    /// Whether a callback is one that is to look around.
    mutating func isTimeToLook() -> Bool {
        callbacks &+= 1
        return callbacks % Step.callbacksBetweenLooks == 0
    }

    /// Whether it has gone on for too long.
    var isLate: Bool { deadline.advanced(milliseconds: Step.patience).hasPassed }

    /// Whether a TLS message of this type makes too many.
    mutating func isFlood(with type: Int32) -> Bool { flood.grows(by: type) }
}
