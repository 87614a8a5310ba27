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
        let options = try Options.read(text)
        let variable = options.environmentVariable ?? Literal("MACHINEID_ORG_KEY").cString
        let name = redacted(variable: variable)
        guard let raw = platform_getenv(variable), !isOnlyWhiteSpace(raw) else {
            throw noOrgKey(name)
        }
        let orgKey = try OrgKey(raw, source: name)

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
        return Failure(.noOrgKey, "\(variable) is not set; set it to the organisation's key, org_...")
    }
    return Failure(
        .noOrgKey,
        """
        \(variable) is not read: this program has elevated privileges (set-user-ID, set-group-ID or file \
        capabilities), and the environment is not used in those; give the organisation's key to mid_client_new
        """)
}
