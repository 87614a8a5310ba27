import Glibc

/// The signals that end the emulator: SIGINT and SIGTERM.
///
/// They are waited for, not handled: what follows them may lock and allocate, which a signal handler must not.
struct Termination {
    private var signals = sigset_t()

    /// Holds the signals back from this thread and from every thread that it starts.
    init() {
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    func wait() {
        var signals = signals
        var signal: CInt = 0
        sigwait(&signals, &signal)
    }
}
