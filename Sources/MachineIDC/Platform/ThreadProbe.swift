internal import CPlatform

/// Whether the system refuses to start a thread, because of a limit of processes or memory or a filter of system calls.
/// libcurl needs a thread to resolve a name, and in one version reports its absence only as a name that was not found.
///
/// Call it only after a failure: it starts a thread to find out.
@inline(never)
func areThreadsRefused() -> Bool {
    let thread = withSignalsBlocked { platform_start_thread({ _ in nil }, nil) }
    guard thread != 0 else { return true }
    platform_join_thread(thread)
    return false
}
