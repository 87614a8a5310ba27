internal import CPlatform

/// Whether the system refuses to start a thread, because of a limit of processes or memory or a filter of system calls.
/// libcurl needs a thread to resolve a name, and in one version reports its absence only as a name that was not found.
///
/// Call it only after a failure: it starts a thread to find out.
@inline(never)
func areThreadsRefused() -> Bool {
    var thread = pthread_t()
    let code = withSignalsBlocked { pthread_create(&thread, nil, { _ in nil }, nil) }
    guard code == 0 else { return true }
    pthread_join(thread, nil)
    return false
}
