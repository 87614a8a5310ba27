internal import CMachineID
internal import CTool

/// The checks of what the library finds on this machine. They send nothing.
enum Surroundings {
    static func library() -> Finding {
        guard let info = JSON.parse(mid_build_info()) else { return .note("library", String(cString: mid_version())) }
        var text = "libmachineid \(info.string("version") ?? "?") for \(info.string("libc") ?? "?")"
        text += " on \(info.string("arch") ?? "?")"
        for name in ["libcurl", "tls", "jansson"] {
            guard let part = info[name] else { continue }
            let version = part.string("version") ?? "?"
            let source = part.string("source").map { ", \($0)" } ?? ""
            let isNamed = name.isSame(as: "tls")
            text += "; \(isNamed ? version : "\(name) \(version)"), \(part.string("where") ?? "?")\(source)"
        }
        return .ok("library", text)
    }

    /// The form of the key. The key itself is in no message.
    static func key(_ found: OrgKey.Found) -> Finding {
        let text = String(bytes: UnsafeBufferPointer(start: found.secret.base, count: found.secret.count)).trimmed
        guard text.begins(with: "org_"), text.utf8.count > 4 else {
            return .note(
                "key",
                "from \(found.source), \(text.utf8.count) bytes; it does not look like org_..., is it the right one?")
        }
        return .ok("key", "from \(found.source), org_... with \(text.utf8.count) bytes")
    }

    static func certificates(_ options: JSON, _ target: Target) -> Finding {
        guard target.isTLS else { return .skipped("certificates", "the authority is reached without TLS") }
        if let file = options.string("ca_file") ?? options.string("ca_path") {
            return isReadable(file) ? .ok("certificates", "\(file), from --options") : unreadable(file, "--options")
        }
        if let (name, path) = Environment.first(["CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"]) {
            return isReadable(path) ? .ok("certificates", "\(path), from \(name)") : unreadable(path, name)
        }
        guard let file = places.first(where: { isReadable($0) }) else {
            return .bad(
                "certificates", "the system has no file of certificates; install ca-certificates, or set SSL_CERT_FILE",
                exit: ExitStatus.noAnswer)
        }
        return .ok("certificates", "\(file), the system's")
    }

    private static func unreadable(_ path: String, _ source: String) -> Finding {
        .bad(
            "certificates", "\(source): '\(path)' cannot be read; correct the path or its mode",
            exit: ExitStatus.noAnswer)
    }

    /// Whether one of the paths, which colons separate, can be read.
    private static func isReadable(_ paths: String) -> Bool {
        paths.parts(separatedBy: 0x3a).contains { access($0, R_OK) == 0 }
    }

    /// The files that the library looks for, in the same order.
    private static let places = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
    ]

    /// The proxy that the library uses, if it uses one. Its URL may contain a password, so only host and port are
    /// shown.
    static func proxy(_ options: JSON, _ target: Target) -> (Finding, Target?) {
        let given = options.string("proxy").map { (name: "--options", value: $0) }
        let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        // The library takes a proxy from the environment for https alone.
        let found = given ?? (target.isTLS ? Environment.first(names) : nil)
        guard let (source, url) = found, !url.trimmed.isEmpty else {
            return (.ok("proxy", "none"), nil)
        }
        let bypass = options.string("no_proxy") ?? Environment.first(["no_proxy", "NO_PROXY"])?.value ?? ""
        if isListed(target.host, bypass) { return (.ok("proxy", "none for \(target.host), because of no_proxy"), nil) }
        guard let proxy = Target(url.has("://") ? url : "http://\(url)") else {
            return (.bad("proxy", "\(source) is not the URL of a proxy; correct it", exit: ExitStatus.usage), nil)
        }
        return (.ok("proxy", "\(proxy.text), from \(source)"), proxy)
    }

    /// Whether a list of hosts contains this host or a domain that it belongs to. Only the library checks networks.
    private static func isListed(_ host: String, _ list: String) -> Bool {
        let host = Target.lower(host)
        for part in list.parts(separatedBy: 0x2c) {
            var entry = Target.lower(part.trimmed)
            if entry.isSame(as: "*") || entry.isSame(as: host) { return true }
            if !entry.begins(with: ".") { entry = "." + entry }
            if entry.utf8.count > 1, host.utf8.reversed().starts(with: entry.utf8.reversed()) { return true }
        }
        return false
    }

    static func clock() -> Finding {
        let time = Clock.utc
        // This version did not exist before 2025, and with such a clock certificates are not valid yet.
        if time.utf8.prefix(4).reduce(0, { $0 * 10 + Int($1) - 0x30 }) < 2025 {
            return .bad(
                "clock", "\(time) cannot be right; set the clock, or certificates are refused",
                exit: ExitStatus.noAnswer)
        }
        switch tool_clock_is_synchronised() {
        case 1: return .ok("clock", "\(time), set by a time server")
        case 0: return .note("clock", "\(time); the kernel knows of no time server, so compare it with another clock")
        default: return .ok("clock", time)
        }
    }
}

extension String {
    fileprivate func has(_ part: String) -> Bool {
        var rest = utf8[...]
        while !rest.isEmpty {
            if rest.starts(with: part.utf8) { return true }
            rest.removeFirst()
        }
        return false
    }
}
