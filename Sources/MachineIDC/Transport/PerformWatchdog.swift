/// Watches over one run of `curl_multi_perform`.
///
/// A peer that sends without a pause can keep libcurl inside for as long as it likes: libcurl reads a proxy's reply to
/// CONNECT, or a chunk that never begins, until no more data is there. So libcurl's progress callback checks whether
/// the driver has to leave. It reads the clock only once in 64 calls; an ordinary run ends before the first time.
struct PerformWatchdog {
    /// The clock is read once in so many callbacks.
    private static var callbacksBetweenChecks: Int { 64 }

    /// How long after its deadline a driver waits for a run to end by itself, in milliseconds. A run that is stopped
    /// may interrupt other callers' transfers, which then have to be sent again.
    private static var patience: Int { 20 }

    /// The driver's deadline.
    private var deadline = MonotonicTime.now
    /// How often the progress callback has been called in this run.
    private var callbacks = 0
    private var flood = TLSFlood()
    /// Whether TLS had to be made to return, because the driver had to leave.
    private(set) var hasBrokenTLS = false

    /// Begins a run.
    mutating func begin(until deadline: MonotonicTime) {
        self.deadline = deadline
        callbacks = 0
        flood = TLSFlood()
        hasBrokenTLS = false
    }

    /// Counts a callback. Returns true for one in 64, which is to read the clock.
    mutating func countCallback() -> Bool {
        flood.end()
        callbacks &+= 1
        return callbacks % PerformWatchdog.callbacksBetweenChecks == 0
    }

    /// Whether the run has gone on for too long.
    var isLate: Bool { deadline <= MonotonicTime.now.advanced(milliseconds: -PerformWatchdog.patience) }

    /// Counts a TLS message or the head of a TLS record. Returns whether TLS must be made to return.
    ///
    /// - Parameter isCancelled: whether nobody waits for any transfer any more.
    mutating func mustBreakTLS(after type: Int32, isCancelled: Bool) -> Bool {
        if flood.count(type), isCancelled || isLate { hasBrokenTLS = true }
        return hasBrokenTLS || flood.isExcessive
    }
}
