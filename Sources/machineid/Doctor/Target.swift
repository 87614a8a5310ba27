/// The host and port that connections go to.
struct Target {
    let isTLS: Bool
    let host: String
    let port: String

    /// nil when the text is not a URL with a host. The library rejects such a URL with its own message.
    init?(_ url: String) {
        guard let scheme = Target.schemes.first(where: { Target.lower(url).begins(with: $0.name + "://") }) else {
            return nil
        }
        var rest = url.utf8.dropFirst(scheme.name.utf8.count + 3).prefix { $0 != 0x2f && $0 != 0x3f && $0 != 0x23 }
        // What stands before the @ may be a password.
        if let at = rest.lastIndex(of: 0x40) { rest = rest[rest.index(after: at)...] }
        var hostBytes = rest
        var portBytes = rest[rest.endIndex...]
        let end = rest.first == 0x5b ? rest.lastIndex(of: 0x5d) : nil
        if let colon = rest.lastIndex(of: 0x3a), end.map({ colon > $0 }) ?? true {
            hostBytes = rest[..<colon]
            portBytes = rest[rest.index(after: colon)...]
        }
        let name = String(bytes: hostBytes.filter { $0 != 0x5b && $0 != 0x5d })
        guard !name.isEmpty else { return nil }
        isTLS = scheme.isTLS
        host = name
        port = portBytes.isEmpty ? scheme.port : String(bytes: portBytes)
    }

    var text: String { "\(host) port \(port)" }

    private static let schemes = [
        (name: "https", port: "443", isTLS: true), (name: "http", port: "80", isTLS: false),
        (name: "socks4a", port: "1080", isTLS: false), (name: "socks4", port: "1080", isTLS: false),
        (name: "socks5h", port: "1080", isTLS: false), (name: "socks5", port: "1080", isTLS: false),
    ]

    static func lower(_ text: String) -> String {
        String(bytes: text.utf8.map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 })
    }
}
