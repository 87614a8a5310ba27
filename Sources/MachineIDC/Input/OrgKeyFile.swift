internal import CPlatform

/// The text of the file that MACHINEID_ORG_KEY_FILE names. It is wiped when this value is destroyed.
struct OrgKeyFile: ~Copyable {
    static var variable: Literal { "MACHINEID_ORG_KEY_FILE" }
    /// A larger file is not a key. The longest key is shorter, but may have white space around it.
    private static var maximumBytes: Int { 4096 }

    let text: CString

    /// Reads the file. Throws when it cannot be read, or others could read or change it.
    init(_ path: UnsafePointer<CChar>) throws(Failure) {
        // A FIFO without a writer would block the caller, so it is opened without waiting, and refused below.
        let descriptor = platform_open_to_read(path)
        guard descriptor >= 0 else { throw OrgKeyFile.unreadable(path) }
        defer { close(descriptor) }
        try OrgKeyFile.check(descriptor, path)
        let room = OrgKeyFile.maximumBytes &+ 1
        guard let memory = malloc(room &+ 1) else { throw .outOfMemory }
        defer {
            platform_erase(memory, room)
            free(memory)
        }
        let bytes = memory.assumingMemoryBound(to: CChar.self)
        var length = 0
        while length < room {
            let count = read(descriptor, bytes + length, room &- length)
            if count == 0 { break }
            if count > 0 {
                length &+= count
            } else if platform_errno() != EINTR {
                throw OrgKeyFile.unreadable(path)
            }
        }
        guard length < room else {
            throw OrgKeyFile.refused(path, "is larger than 4096 bytes, so it is not a key: ")
        }
        bytes[length] = 0
        // A NUL would cut the key short.
        guard strlen(bytes) == length else { throw OrgKeyFile.refused(path, "holds a NUL: ") }
        if isOnlyWhiteSpace(bytes) { throw OrgKeyFile.refused(path, "is empty; write the organisation's key into ") }
        text = try CString(copying: bytes, count: length)
    }

    /// Throws unless it is a regular file that others can neither change nor read.
    ///
    /// A group may read it: `root:service` with mode 0640 is how a service gets a secret. Everyone may read it only
    /// where it lies on a mount that cannot be written to: containers get their secrets that way, by default for
    /// everyone, because they may run as any user, and from there nobody can change the mode.
    private static func check(_ descriptor: Int32, _ path: UnsafePointer<CChar>) throws(Failure) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path) }
        let mode = Int32(truncatingIfNeeded: status.st_mode)
        guard mode & S_IFMT == S_IFREG else { throw refused(path, "must be a regular file: ") }
        if mode & 0o022 != 0 { throw refused(path, "can be changed by others, which chmod go-w prevents: ") }
        if mode & 0o004 != 0, platform_is_on_read_only_mount(descriptor) == 0 {
            throw refused(path, "can be read by everyone, which chmod o-r prevents: ")
        }
    }

    private static func unreadable(_ path: UnsafePointer<CChar>) -> Failure {
        let code = platform_errno()
        let reason = CLocale.locale.map { strerror_l(code, $0) } ?? strerror(code)
        return Failure(.noOrgKey, "the file that \(variable) names cannot be read: \(redacted(path)): \(reason)")
    }

    private static func refused(_ path: UnsafePointer<CChar>, _ why: Literal) -> Failure {
        Failure(.noOrgKey, "the file that \(variable) names \(why)\(redacted(path))")
    }
}
