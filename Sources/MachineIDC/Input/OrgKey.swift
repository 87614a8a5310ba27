/// The organisation's key: checked, trimmed and copied. The copy is wiped when this value is destroyed.
struct OrgKey: ~Copyable {
    static var maximumBytes: Int { 512 }

    let text: CString

    /// - Parameter source: the name of the key in messages: the parameter or the environment variable that it came
    ///   from.
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
        // A line feed would begin another header.
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
