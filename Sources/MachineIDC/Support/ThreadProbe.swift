internal import CPlatform

/// Whether the system refuses a thread: by a limit of processes or of memory, or by a filter of system calls. libcurl
/// needs one to resolve a name, and says of its failure, in one version, no more than that the name was not found.
///
/// Asked only after a failure: it tries.
@inline(never)
func couldNotStartThread() -> Bool {
    var thread = pthread_t()
    let code = withSignalsBlocked { pthread_create(&thread, nil, { _ in nil }, nil) }
    guard code == 0 else { return true }
    pthread_join(thread, nil)
    return false
}
