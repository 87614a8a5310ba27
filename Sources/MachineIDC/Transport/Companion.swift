/// What a higher layer keeps with a transport, and the moments at which that layer has something to do. The transport
/// knows nothing else of it.
struct Companion {
    /// Passed to each function.
    let context: UnsafeMutableRawPointer
    /// All calls are being cancelled. Called with the transport's lock held, and possibly more than once.
    let cancelled: @convention(c) (UnsafeMutableRawPointer) -> Void
    /// The client is being freed. Called without the lock. May wait, but not longer than so many milliseconds.
    let closing: @convention(c) (UnsafeMutableRawPointer, Int) -> Void
    /// The transport is being destroyed. Frees the context.
    let destroyed: @convention(c) (UnsafeMutableRawPointer) -> Void
}
