internal import CPlatform

/// Whether the system refuses a thread: by a limit of processes or of memory, or by a filter of system calls. libcurl
/// needs one to resolve a name, and says of its failure, in one version, no more than that the name was not found.
///
/// Asked only after a failure: it tries.
@inline(never)
func couldNotStartThread() -> Bool {
    var all = sigset_t()
    var before = sigset_t()
    var thread = pthread_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    guard pthread_create(&thread, nil, { _ in nil }, nil) == 0 else { return true }
    pthread_join(thread, nil)
    return false
}
