/// The organisation's key, checked, trimmed and copied. Wiped when it goes.
struct OrgKey: ~Copyable {
    static var maximumBytes: Int { 512 }

    let text: CString

    /// - Parameter source: what to call the key in a message: the parameter or the environment variable it came from.
    init(_ raw: UnsafePointer<CChar>, source: UnsafePointer<CChar>) throws(Failure) {
        guard let trimmed = UTF8Text(trimming: raw) else {
            throw Failure(.invalidArgument, "\(source) is not UTF-8; an org key looks like org_...")
        }
        guard !trimmed.isEmpty else {
            throw Failure(.invalidArgument, "\(source) is empty; give the organisation's key, org_...")
        }
        guard trimmed.count <= OrgKey.maximumBytes else {
            throw Failure(.invalidArgument, "\(source) is longer than \(OrgKey.maximumBytes) bytes")
        }
        // A line feed in a header would begin another one.
        var index = 0
        while index < trimmed.count {
            guard (0x21...0x7e).contains(trimmed.start[index]) else {
                throw Failure(
                    .invalidArgument, "\(source) has a space, control or non-ASCII character (byte \(index &+ 1))")
            }
            index &+= 1
        }
        text = try CString(copying: trimmed.start, count: trimmed.count)
    }
}
