internal import CTool

/// Where the org key comes from. A key is never an argument, since everybody on the machine can see those.
enum OrgKey {
    static let largestFile = 4096

    /// A key, and where it was read from.
    struct Found {
        let source: String
        /// The file, if it was one.
        var path: String?
        let secret: SecretBytes
        /// Whether the key came from standard input, which then cannot give device ids too.
        var isStandardInput = false

        /// The source for a message about the key.
        var name: String { path.map { "\(source): '\($0)'" } ?? source }
    }

    /// The first of: --key-file, MACHINEID_ORG_KEY_FILE, the file of systemd's LoadCredential, MACHINEID_ORG_KEY.
    /// A variable that is blank counts as not set.
    static func find(_ given: String?) throws(Failure) -> Found {
        if let given { return try read(given, source: "--key-file") }
        let isKeySet = Environment.first(["MACHINEID_ORG_KEY"]) != nil
        if Environment.first(["MACHINEID_ORG_KEY_FILE"]) != nil, let path = Environment.text("MACHINEID_ORG_KEY_FILE") {
            // As in mid_client_from_env(): which of two keys was meant cannot be known.
            if isKeySet {
                throw .noKey("MACHINEID_ORG_KEY and MACHINEID_ORG_KEY_FILE are both set; unset one of them")
            }
            return try read(path, source: "MACHINEID_ORG_KEY_FILE")
        }
        if let (_, folder) = Environment.first(["CREDENTIALS_DIRECTORY"]) {
            let path = "\(folder)/machineid-org-key"
            if access(path, F_OK) == 0 { return try read(path, source: "CREDENTIALS_DIRECTORY") }
        }
        guard isKeySet, let value = getenv("MACHINEID_ORG_KEY") else {
            throw .noKey(
                "there is no org key; set MACHINEID_ORG_KEY, or MACHINEID_ORG_KEY_FILE or --key-file to a file")
        }
        let count = strlen(value)
        guard let secret = SecretBytes(capacity: count) else { throw .outOfMemory }
        secret.fill(from: value, count: count)
        return Found(source: "MACHINEID_ORG_KEY", secret: secret)
    }

    private static func read(_ path: String, source: String) throws(Failure) -> Found {
        // The user gave the key instead of the path of its file. It must not get into a message.
        if path.begins(with: "org_") && access(path, F_OK) != 0 {
            throw .noKey("\(source) takes the path of a file with the org key, not the key itself")
        }
        // In a message, a path that begins with org_ would look like a key.
        let path = path.begins(with: "org_") ? "./\(path)" : path
        let descriptor = tool_open(path)
        guard descriptor >= 0 else { throw cannotRead(path, source, tool_errno()) }
        defer { close(descriptor) }
        var about = stat()
        guard fstat(descriptor, &about) == 0 else { throw cannotRead(path, source, tool_errno()) }
        // The mode of a pipe means nothing: only those who were given the pipe can read it.
        if tool_is_regular(about.st_mode) != 0 {
            guard about.st_mode & 0o022 == 0 else {
                throw .noKey("\(source): others may change '\(path)'; chmod go-w '\(path)'")
            }
            // As in the library: Kubernetes mounts secrets read-only and with mode 0644.
            guard about.st_mode & 0o004 == 0 || tool_is_on_read_only_mount(descriptor) != 0 else {
                throw .noKey("\(source): others may read '\(path)'; chmod o-r '\(path)'")
            }
        }
        guard let secret = SecretBytes(capacity: largestFile + 1) else { throw .outOfMemory }
        guard secret.fill(from: descriptor) else { throw cannotRead(path, source, tool_errno()) }
        guard secret.count <= largestFile else {
            throw .noKey("\(source): '\(path)' is larger than \(largestFile) bytes; give a file with the org key alone")
        }
        guard memchr(secret.base, 0, secret.count) == nil else {
            throw .noKey("\(source): '\(path)' has a NUL in it; give a file with the org key alone")
        }
        guard (0..<secret.count).contains(where: { !secret.base[$0].isWhiteSpace }) else {
            throw .noKey("\(source): '\(path)' is empty; write the organisation's key into it")
        }
        let isStandardInput = tool_are_same(descriptor, STDIN_FILENO) != 0
        return Found(source: source, path: path, secret: secret, isStandardInput: isStandardInput)
    }

    private static func cannotRead(_ path: String, _ source: String, _ error: CInt) -> Failure {
        let why = String(cString: strerror(error))
        return .noKey("\(source): '\(path)' cannot be read: \(why); give a file that this user may read")
    }
}
