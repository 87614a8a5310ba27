internal import CCurl
internal import CPlatform
internal import Synchronization

/// libcurl's set-up, which is done once in a process and never undone: other code in the process may use it too, so
/// there is no safe way back. It is done only before the first request, because the initialisation of libcurl, and of
/// the libraries it uses, takes more memory than a client does.
enum CurlLibrary {
    private static let isReady = Atomic<Bool>(false)
    /// See `knowsOpenSSL`.
    private static let openSSLIsKnown = Atomic<Bool>(false)
    /// The address of the string `systemCertificateFile`.
    private static let systemFile = Atomic<UInt>(0)
    /// See `usesSystemFolders`.
    private static let usesFolders = Atomic<Bool>(false)
    /// See `trustsSystemByDefault`.
    private static let defaultsReturn = Atomic<Bool>(false)

    /// The file with the system's certificate authorities: the one that libcurl was built to use, or else the first of
    /// the usual ones that can be read. nil when there is none, and when libcurl was built to use folders. Requires
    /// `prepare()`.
    static var systemCertificateFile: UnsafePointer<CChar>? {
        UnsafePointer(bitPattern: systemFile.load(ordering: .acquiring))
    }

    /// Whether libcurl was built to find the system's certificate authorities in folders. Requires `prepare()`.
    static var usesSystemFolders: Bool { usesFolders.load(ordering: .acquiring) }

    /// Whether libcurl uses the system's certificate authorities whenever none are set, even after they were unset.
    /// This is so from 8.17 on. Requires `prepare()`.
    static var trustsSystemByDefault: Bool { defaultsReturn.load(ordering: .acquiring) }

    /// Whether libcurl uses the OpenSSL whose functions the library can call: see `openssl.h`. Requires
    /// `prepare()`.
    static var knowsOpenSSL: Bool { openSSLIsKnown.load(ordering: .acquiring) }

    /// Checks and initialises libcurl, before the first transport is made. Serialised, because `curl_version_info()`
    /// rewrites static storage on each call.
    static func prepare() throws(Failure) {
        if isReady.load(ordering: .acquiring) { return }
        guard let page = PerProcessPage.unchecked else { throw .outOfMemory }
        try page.pointee.setupLock.exclusively { () throws(Failure) in
            if isReady.load(ordering: .acquiring) { return }
            try checkVersion()
            try checkEnvironment()
            // Initialisation needs some hundred kilobytes. Without them OpenSSL stays broken for good, unless it hangs
            // (3.2 to 3.6) or ends the process (3.3 to 3.5).
            if platform_has_memory(1024 * 1024) == 0 { throw .outOfMemory }
            guard ForkGate.holdingOffFork(initialise) else {
                throw Failure(.internal, "libcurl could not be initialised")
            }
            isReady.store(true, ordering: .releasing)
        }
    }

    /// Calls `body` with what libcurl says about itself, which takes no initialisation. Serialised with `prepare`.
    static func withVersion<Result>(
        _ body: (UnsafePointer<curl_version_info_data>) -> Result
    ) throws(Failure) -> Result {
        try PerProcessPage.prepare()
        guard let page = PerProcessPage.current else { throw .outOfMemory }
        return page.pointee.setupLock.exclusively { body(ccurl_version()) }
    }

    /// Initialises OpenSSL and libcurl. Returns false when libcurl fails.
    private static func initialise() -> Bool {
        if ccurl_knows_openssl() != 0 {
            ccurl_prepare_openssl()
            openSSLIsKnown.store(true, ordering: .releasing)
        }
        return curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    }

    /// Throws when this libcurl is too old or lacks a feature; otherwise records what it says about itself.
    private static func checkVersion() throws(Failure) {
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
        usesFolders.store(info.pointee.capath != nil, ordering: .releasing)
        let file = info.pointee.cainfo ?? (info.pointee.capath == nil ? usualCertificateFile() : nil)
        systemFile.store(UInt(bitPattern: file), ordering: .releasing)
        defaultsReturn.store(info.pointee.version_num >= 0x081100, ordering: .releasing)
    }

    /// The first of the files where systems keep their certificate authorities that can be read; nil without one.
    private static func usualCertificateFile() -> UnsafePointer<CChar>? {
        var number: Int32 = 0
        while let file = platform_certificate_file(number) {
            if access(file, R_OK) == 0 { return file }
            number &+= 1
        }
        return nil
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
            the environment variable \(variable), which libcurl would obey, is set in a program with elevated \
            privileges; unset it there before the first call
            """)
    }
}
