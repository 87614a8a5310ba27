internal import CCurl
internal import CJansson
internal import CPlatform
internal import Synchronization

/// The set-up that is done once in a process and never undone: other code in the process may use the same libraries, so
/// there is no safe way back. libcurl is initialised only before the first request, because its initialisation, and
/// that of the libraries it uses, takes more memory than a client does.
///
/// Threads that come at the same time each do the work; where only one result can count, the first one published does.
/// Only libcurl's initialisation is serialised.
enum Process {
    private static let isReady = Atomic<Bool>(false)
    private static let isCurlReady = Atomic<Bool>(false)
    /// See `knowsOpenSSL`.
    private static let openSSLIsKnown = Atomic<Bool>(false)
    /// The address of `cLocale`.
    private static let locale = Atomic<UInt>(0)
    /// The address of the string `certificateFile`.
    private static let systemFile = Atomic<UInt>(0)
    /// See `trustsSystemUnlessTold`.
    private static let defaultsReturn = Atomic<Bool>(false)

    /// A C locale to parse in. Requires `prepare()`.
    static var cLocale: locale_t? { locale_t(bitPattern: locale.load(ordering: .acquiring)) }

    /// The file in which libcurl was built to find the system's certificate authorities; nil when it uses another
    /// source. Requires `prepareCurl()`.
    static var certificateFile: UnsafePointer<CChar>? {
        UnsafePointer(bitPattern: systemFile.load(ordering: .acquiring))
    }

    /// Whether libcurl uses the system's certificate authorities whenever none are set, even after they were unset.
    /// This is so from 8.17 on. Requires `prepareCurl()`.
    static var trustsSystemUnlessTold: Bool { defaultsReturn.load(ordering: .acquiring) }

    /// Whether libcurl uses the OpenSSL whose functions the library can call: see `openssl.h`. Requires
    /// `prepareCurl()`.
    static var knowsOpenSSL: Bool { openSSLIsKnown.load(ordering: .acquiring) }

    /// Sets up what a client needs, before the first one is made.
    static func prepare() throws(Failure) {
        if isReady.load(ordering: .acquiring) { return }
        try makeLocale()
        try WipedOnFork.prepare()
        json_object_seed(0)
        isReady.store(true, ordering: .releasing)
    }

    /// Checks and initialises libcurl, before the first transport is made. Serialised, because `curl_version_info()`
    /// rewrites static storage on each call.
    static func prepareCurl() throws(Failure) {
        if isCurlReady.load(ordering: .acquiring) { return }
        guard let page = WipedOnFork.page else { throw .outOfMemory }
        try page.pointee.curlLock.exclusively { () throws(Failure) in
            if isCurlReady.load(ordering: .acquiring) { return }
            try checkCurl()
            try checkEnvironment()
            // Initialisation needs some hundred kilobytes. Without them OpenSSL stays broken for good, unless it hangs
            // (3.2 to 3.6) or ends the process (3.3 to 3.5).
            if platform_has_memory(1024 * 1024) == 0 { throw .outOfMemory }
            guard ForkGate.working(initialiseCurl) else { throw Failure(.internal, "libcurl could not be initialised") }
            isCurlReady.store(true, ordering: .releasing)
        }
    }

    /// Initialises OpenSSL and libcurl. Returns false when libcurl fails.
    private static func initialiseCurl() -> Bool {
        if ccurl_knows_openssl() != 0 {
            ccurl_prepare_openssl()
            openSSLIsKnown.store(true, ordering: .releasing)
        }
        return curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    }

    /// Throws when this libcurl is too old or lacks a feature; otherwise records what it says about itself.
    private static func checkCurl() throws(Failure) {
        let info = ccurl_version()
        guard info.pointee.version_num >= 0x075700 else {
            throw Failure(.internal, "libcurl 7.87.0 or later is needed, and this is \(info.pointee.version)")
        }
        // Without AsynchDNS a resolver would block past every deadline; without threadsafe, clients could not be made
        // at the same time.
        let needed = CURL_VERSION_SSL | CURL_VERSION_ASYNCHDNS | CURL_VERSION_THREADSAFE
        guard info.pointee.features & needed == needed else {
            throw Failure(.internal, "this libcurl was built without TLS, AsynchDNS or threadsafe")
        }
        systemFile.store(UInt(bitPattern: info.pointee.cainfo), ordering: .releasing)
        defaultsReturn.store(info.pointee.version_num >= 0x081100, ordering: .releasing)
    }

    /// Throws when a variable that libcurl obeys is set in a program with elevated privileges. libcurl writes the
    /// secrets of all its connections to the file that SSLKEYLOGFILE names, and such a program may be able to write
    /// where the user who started it cannot.
    private static func checkEnvironment() throws(Failure) {
        guard hasElevatedPrivileges() else { return }
        try refuse("SSLKEYLOGFILE")
        try refuse("CURL_SSL_BACKEND")
    }

    /// Throws when the variable is set and not empty.
    private static func refuse(_ variable: Literal) throws(Failure) {
        if platform_has_env(variable.cString) == 0 { return }
        throw Failure(
            .internal,
            """
            the environment variable \(variable), which libcurl would obey, is set in a program with elevated privileges; unset \
            it there before the first call
            """)
    }

    /// Makes `cLocale`, unless another thread was first.
    private static func makeLocale() throws(Failure) {
        guard let made = platform_c_locale() else { throw .outOfMemory }
        let (published, _) = locale.compareExchange(
            expected: 0, desired: UInt(bitPattern: made), ordering: .acquiringAndReleasing)
        if !published { freelocale(made) }
    }
}
