internal import CPlatform

/// The options as the caller wrote them, checked: every key known, every value of the right type and in its range;
/// otherwise a failure names the option. An option that was not given is nil or has its default. The strings live as
/// long as this does.
struct Options: ~Copyable {
    /// The parsed text, which owns the strings below; nil when there are no options.
    private let document: JSON?

    private(set) var baseURL: UnsafePointer<CChar>?
    /// The option `ca_file`.
    private(set) var certificateFile: UnsafePointer<CChar>?
    /// The option `ca_path`.
    private(set) var certificateFolders: UnsafePointer<CChar>?
    private(set) var pinnedPublicKey: UnsafePointer<CChar>?
    private(set) var proxy: UnsafePointer<CChar>?
    /// The option `no_proxy`.
    private(set) var proxyBypass: UnsafePointer<CChar>?
    private(set) var userAgent: UnsafePointer<CChar>?
    /// The option `env_var`.
    private(set) var environmentVariable: UnsafePointer<CChar>?
    /// Milliseconds.
    private(set) var timeout = 10_000
    /// Milliseconds.
    private(set) var connectTimeout = 3_000
    private(set) var maxRetries = 2
    private(set) var maxConnections = 64
    /// Milliseconds.
    private(set) var maxConnectionAge = 300_000

    /// - Parameter text: the options as the caller wrote them; NULL for the defaults.
    static func read(_ text: UnsafePointer<CChar>?) throws(Failure) -> Options {
        guard let text else { return Options(document: nil) }
        let document = try Options.document(text)
        let root = document.root
        var options = Options(document: document)
        try root.forEachMember { key, value throws(Failure) in
            try options.read(OptionValue(key: key, value: value))
        }
        return options
    }

    /// The defaults.
    private init(document: consuming JSON?) {
        self.document = document
    }

    /// Reads one option; throws when its key is unknown or its value is wrong.
    private mutating func read(_ option: OptionValue) throws(Failure) {
        let key = option.key
        if key == "base_url" {
            baseURL = try option.string()
        } else if key == "timeout_ms" {
            timeout = try option.integer(1, 3_600_000)
        } else if key == "connect_timeout_ms" {
            connectTimeout = try option.integer(1, 3_600_000)
        } else if key == "max_retries" {
            maxRetries = try option.integer(0, 10)
        } else if key == "ca_file" {
            certificateFile = try option.string()
        } else if key == "ca_path" {
            certificateFolders = try option.string()
        } else if key == "pinned_public_key" {
            pinnedPublicKey = try option.pins()
        } else if key == "proxy" {
            proxy = try option.string(mayBeEmpty: true)
        } else if key == "no_proxy" {
            proxyBypass = try option.string(mayBeEmpty: true)
        } else if key == "user_agent" {
            userAgent = try option.headerText(maximumBytes: 256)
        } else if key == "max_connections" {
            maxConnections = try option.integer(1, 256)
        } else if key == "max_connection_age_ms" {
            maxConnectionAge = try option.integer(1_000, 86_400_000)
        } else if key == "env_var" {
            environmentVariable = try option.string()
        } else {
            throw Failure(.invalidOptions, "unknown option \(redacted(key)); machineid.h lists the ones there are")
        }
    }
}

extension Options {
    /// Parses the text of any options. The root of the result is an object.
    static func document(_ text: UnsafePointer<CChar>) throws(Failure) -> JSON {
        let bytes = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
        let document: JSON
        do throws(JSONFault) {
            document = try JSON(parsing: bytes, count: strlen(text))
        } catch {
            throw error.failure(.invalidOptions, "options: the text")
        }
        guard document.root.isObject else { throw Failure(.invalidOptions, "options must be a JSON object") }
        return document
    }
}
