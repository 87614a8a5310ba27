internal import CJansson
internal import Synchronization

/// The set-up that is done once in a process, before the first client is made, and never undone. libcurl is initialised
/// later: see `CurlLibrary`.
enum ProcessSetup {
    private static let isDone = Atomic<Bool>(false)

    /// Each part may be done by several threads at the same time.
    static func run() throws(Failure) {
        if isDone.load(ordering: .acquiring) { return }
        try CLocale.prepare()
        try PerProcessPage.prepare()
        json_object_seed(0)
        isDone.store(true, ordering: .releasing)
    }
}
