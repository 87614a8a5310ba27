internal import CCurl
internal import CJansson
internal import CPlatform
internal import Synchronization

/// What is done once in a process, before the first client, and never undone: the libraries below have no safe way back
/// while other code of the process may use them too.
///
/// There is no lock here, so that a fork at any moment leaves the child none to wait for. Threads that come at the same
/// time each do the work; where only one result can count, the first one published does.
enum Process {
    private static let isReady = Atomic<Bool>(false)
    private static let locale = Atomic<UInt>(0)

    /// A C locale to parse under. Only after `prepare()`.
    static var cLocale: locale_t? { locale_t(bitPattern: locale.load(ordering: .acquiring)) }

    static func prepare() throws(Failure) {
        if isReady.load(ordering: .acquiring) { return }
        try checkCurl()
        try makeLocale()
        try ForkGeneration.prepare()
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK else {
            throw Failure(.internal, "libcurl could not be initialised")
        }
        json_object_seed(0)
        isReady.store(true, ordering: .releasing)
    }

    private static func checkCurl() throws(Failure) {
        let info = ccurl_version()
        guard info.pointee.version_num >= 0x075700 else {
            throw Failure(.internal, "libcurl 7.87.0 or later is needed, and this is \(info.pointee.version)")
        }
        guard info.pointee.features & CURL_VERSION_SSL != 0 else {
            throw Failure(.internal, "this libcurl has no TLS")
        }
    }

    private static func makeLocale() throws(Failure) {
        guard let made = platform_c_locale() else { throw .outOfMemory }
        let (published, _) = locale.compareExchange(
            expected: 0, desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        if !published { freelocale(made) }
    }
}
