internal import CPlatform

/// The settings of a client: the org key and the options, checked, with the defaults filled in.
struct Settings: ~Copyable {
    /// The request headers. They hold the user agent and the org key, which is kept nowhere else.
    let headers: RequestHeaders
    let baseURL: BaseURL
    let proxies: ProxySettings
    let trust: TrustSettings
    let pinnedPublicKey: CString
    /// Milliseconds, for a whole call.
    let timeout: Int
    /// Milliseconds, for one attempt.
    let connectTimeout: Int
    let maxRetries: Int
    let maxConnections: Int
    /// Milliseconds.
    let maxConnectionAge: Int

    /// For `mid_client_new`.
    init(orgKey raw: UnsafePointer<CChar>, options text: UnsafePointer<CChar>?) throws(Failure) {
        do throws(Failure) {
            try self.init(unredactedWith: raw, text)
        } catch {
            throw error.hiding(raw)
        }
    }

    /// The same; the message of a failure may still hold the org key.
    private init(unredactedWith raw: UnsafePointer<CChar>, _ text: UnsafePointer<CChar>?) throws(Failure) {
        let options = try Options.read(text)
        if options.environmentVariable != nil {
            throw Failure(.invalidOptions, "env_var is an option of mid_client_from_env, not of mid_client_new")
        }
        let orgKey = try OrgKey(raw, source: Literal("org_key").cString)
        let baseURL = try BaseURL(
            options.baseURL ?? BaseURL.standard.cString, source: Literal("base_url").cString)
        try self.init(orgKey, baseURL, options)
    }

    /// For `mid_client_from_env`.
    init(fromEnvironmentWith text: UnsafePointer<CChar>?) throws(Failure) {
        let standardVariable: Literal = "MACHINEID_ORG_KEY"
        let options: Options
        do throws(Failure) {
            options = try Options.read(text)
        } catch {
            throw error.hiding(platform_getenv(standardVariable.cString))
        }
        let variable = options.environmentVariable ?? standardVariable.cString
        let name = redacted(variable: variable)
        let raw = platform_getenv(variable).flatMap { isOnlyWhiteSpace($0) ? nil : $0 }
        if options.environmentVariable == nil, let path = environment(OrgKeyFile.variable) {
            // Which of two keys was meant cannot be known, and the wrong one may be another organisation's.
            guard raw == nil else {
                throw Failure(.noOrgKey, "\(name) and \(OrgKeyFile.variable) are both set; unset one of them")
            }
            let file = try OrgKeyFile(path)
            guard let text = file.text.pointer else { throw .outOfMemory }
            try self.init(text, source: Literal("the file that MACHINEID_ORG_KEY_FILE names").cString, options)
            return
        }
        guard let raw else { throw noOrgKey(name) }
        try self.init(raw, source: name, options)
    }

    /// Reads the org key and then the rest.
    private init(
        _ raw: UnsafePointer<CChar>, source: UnsafePointer<CChar>, _ options: borrowing Options
    ) throws(Failure) {
        do throws(Failure) {
            try self.init(OrgKey(raw, source: source), options)
        } catch {
            throw error.hiding(raw)
        }
    }

    /// Reads the base URL, from the options or else from the environment, and then the rest.
    private init(_ orgKey: consuming OrgKey, _ options: borrowing Options) throws(Failure) {
        let urlVariable: Literal = "MACHINEID_BASE_URL"
        var url = options.baseURL ?? BaseURL.standard.cString
        var source: Literal = "base_url"
        if options.baseURL == nil, let set = environment(urlVariable) {
            (url, source) = (set, urlVariable)
        }
        let baseURL = try BaseURL(url, source: source.cString)
        try self.init(orgKey, baseURL, options)
    }

    /// Reads what both kinds of clients have in common.
    private init(
        _ orgKey: borrowing OrgKey, _ baseURL: consuming BaseURL, _ options: borrowing Options
    ) throws(Failure) {
        let proxies = try ProxySettings(proxy: options.proxy, bypass: options.proxyBypass, to: baseURL)
        let trust = try TrustSettings(
            file: options.certificateFile, folders: options.certificateFolders,
            isNeeded: baseURL.isSecure || proxies.isSecure)
        let pinnedPublicKey = try CString(copyingIfGiven: options.pinnedPublicKey)
        let userAgent =
            if let given = options.userAgent {
                try CString(copying: given)
            } else {
                try CString(joining: Literal("libmachineid/").cString, platform_version())
            }
        let headers = try RequestHeaders(orgKey, userAgent: userAgent)
        self.headers = headers
        self.baseURL = baseURL
        self.proxies = proxies
        self.trust = trust
        self.pinnedPublicKey = pinnedPublicKey
        timeout = options.timeout
        connectTimeout = options.connectTimeout
        maxRetries = options.maxRetries
        maxConnections = options.maxConnections
        maxConnectionAge = options.maxConnectionAge
    }
}

/// The failure when the variable with the org key is not set, blank, or not read because of elevated privileges.
private func noOrgKey(_ variable: UnsafePointer<CChar>) -> Failure {
    guard hasElevatedPrivileges() else {
        return Failure(
            .noOrgKey,
            "\(variable) is not set; set it to the organisation's key, org_..., or \(OrgKeyFile.variable) to its file")
    }
    return Failure(
        .noOrgKey,
        """
        \(variable) is not read: this program has elevated privileges (set-user-ID, set-group-ID or file \
        capabilities), and the environment is not used in those; give the organisation's key to mid_client_new
        """)
}
