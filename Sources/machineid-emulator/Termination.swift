import Glibc

/// The signals that end the emulator: SIGINT and SIGTERM.
///
/// The emulator waits for them instead of handling them, because the clean-up may lock and allocate, which a signal
/// handler must not do.
struct Termination {
    private var signals = sigset_t()

    /// Blocks the signals in this thread and in every thread that it starts.
    init() {
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Waits for one of the signals.
    func wait() {
        var signals = signals
        var signal: CInt = 0
        sigwait(&signals, &signal)
    }
}
