internal import CPlatform

/// Runs `work` with all signals of this thread blocked: a thread that it starts has them blocked too, since they are the
/// host's.
func withSignalsBlocked<Result>(_ work: () -> Result) -> Result {
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    return work()
}
