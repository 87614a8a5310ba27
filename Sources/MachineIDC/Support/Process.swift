internal import CCurl
internal import CJansson
internal import CPlatform
internal import Synchronization

/// What is done once in a process and never undone: the libraries below have no safe way back while other code of the
/// process may use them too. libcurl is made ready only when something is to be asked: what it then looks at in other
/// libraries is more memory than all that a client is.
///
/// Threads that come at the same time each do the work; where only one result can count, the first one published does.
/// libcurl's part alone they do in turn.
enum Process {
    private static let isReady = Atomic<Bool>(false)
    private static let isCurlReady = Atomic<Bool>(false)
    private static let openSSLIsKnown = Atomic<Bool>(false)
    private static let locale = Atomic<UInt>(0)
    private static let systemFile = Atomic<UInt>(0)
    private static let defaultsReturn = Atomic<Bool>(false)

    /// A C locale to parse under. Only after `prepare()`.
    static var cLocale: locale_t? { locale_t(bitPattern: locale.load(ordering: .acquiring)) }

    /// The file in which libcurl's build keeps the system's certificate authorities; nil when it looks elsewhere. Only
    /// after `prepareCurl()`.
    static var certificateFile: UnsafePointer<CChar>? {
        UnsafePointer(bitPattern: systemFile.load(ordering: .acquiring))
    }

    /// Whether libcurl takes the system's certificate authorities wherever none are set, also after they were unset. Only
    /// after `prepareCurl()`.
    static var trustsSystemUnlessTold: Bool { defaultsReturn.load(ordering: .acquiring) }

    /// Whether libcurl uses an OpenSSL that can be asked what it holds. Only after `prepareCurl()`.
    static var knowsOpenSSL: Bool { openSSLIsKnown.load(ordering: .acquiring) }

    /// Before the first client.
    static func prepare() throws(Failure) {
        if isReady.load(ordering: .acquiring) { return }
        try makeLocale()
        try WipedOnFork.prepare()
        json_object_seed(0)
        isReady.store(true, ordering: .releasing)
    }

    /// Before the first transport. In turn, since libcurl writes what it tells about itself anew each time that it is asked,
    /// into variables that all threads read.
    static func prepareCurl() throws(Failure) {
        if isCurlReady.load(ordering: .acquiring) { return }
        guard let page = WipedOnFork.page else { throw .outOfMemory }
        try page.pointee.curlLock.exclusively { () throws(Failure) in
            if isCurlReady.load(ordering: .acquiring) { return }
            try checkCurl()
            try checkEnvironment()
            // Some hundred kilobytes are needed. OpenSSL that lacks them stays broken for good, where it does not hang (3.2 to
            // 3.6) or end the process (3.3 to 3.5).
            if platform_has_memory(1024 * 1024) == 0 { throw .outOfMemory }
            guard ForkGate.working(initialiseCurl) else { throw Failure(.internal, "libcurl could not be initialised") }
            isCurlReady.store(true, ordering: .releasing)
        }
    }

    private static func initialiseCurl() -> Bool {
        if ccurl_knows_openssl() != 0 {
            ccurl_prepare_openssl()
            openSSLIsKnown.store(true, ordering: .releasing)
        }
        return curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    }

    private static func checkCurl() throws(Failure) {
        let info = ccurl_version()
        guard info.pointee.version_num >= 0x075700 else {
            throw Failure(.internal, "libcurl 7.87.0 or later is needed, and this is \(info.pointee.version)")
        }
        // Without the last two, a resolver would block past every deadline, and clients could not be made side by side.
        let needed = CURL_VERSION_SSL | CURL_VERSION_ASYNCHDNS | CURL_VERSION_THREADSAFE
        guard info.pointee.features & needed == needed else {
            throw Failure(.internal, "this libcurl was built without TLS, AsynchDNS or threadsafe")
        }
        systemFile.store(UInt(bitPattern: info.pointee.cainfo), ordering: .releasing)
        defaultsReturn.store(info.pointee.version_num >= 0x081100, ordering: .releasing)
    }

    /// libcurl obeys these even in such a program. Into the file that the first one names it writes the secrets of all its
    /// connections, and a program with elevated privileges may write where whoever started it may not.
    private static func checkEnvironment() throws(Failure) {
        guard hasElevatedPrivileges() else { return }
        try refuse("SSLKEYLOGFILE")
        try refuse("CURL_SSL_BACKEND")
    }

    private static func refuse(_ variable: Literal) throws(Failure) {
        if platform_has_env(variable.cString) == 0 { return }
        throw Failure(
            .internal,
            """
            the environment variable \(variable), which libcurl would obey, is set in a program with elevated privileges; unset \
            it there before the first call
            """)
    }

    private static func makeLocale() throws(Failure) {
        guard let made = platform_c_locale() else { throw .outOfMemory }
        let (published, _) = locale.compareExchange(
            expected: 0, desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        if !published { freelocale(made) }
    }
}
