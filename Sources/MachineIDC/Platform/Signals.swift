internal import CPlatform

/// Runs `work` with all signals blocked on this thread. A thread that it starts inherits that, since the signals belong
/// to the host.
func withSignalsBlocked<Result>(_ work: () -> Result) -> Result {
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    return work()
}
