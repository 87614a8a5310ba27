/// Device ids from the command line and from standard input.
enum DeviceID {
    static let maximumBytes = 512

    /// What is wrong with an id that has been trimmed; nil when it can be sent. Control characters could be sent, but
    /// nobody means them, and an id with a line feed would break the output into two lines.
    static func fault(_ id: String) -> String? {
        if id.isEmpty { return "is empty" }
        if id.utf8.count > maximumBytes { return "is longer than \(maximumBytes) bytes" }
        if id.utf8.contains(where: { $0.isControl }) { return "has a control character in it" }
        return nil
    }

    /// The ids among the arguments, trimmed.
    static func read(_ words: [String]) throws(Failure) -> [String] {
        var ids: [String] = []
        for word in words {
            let id = word.trimmed
            if let fault = fault(id) { throw .usage("device '\(id)' \(fault); give an id such as worker:prod:07") }
            ids.append(id)
        }
        return ids
    }

    /// One id in each line of standard input. Blank lines are skipped.
    static func readStandardInput() throws(Failure) -> [String] {
        let bytes = try StandardInput.read()
        var ids: [String] = []
        var number = 0
        for line in bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
            number += 1
            guard let text = validated(Array(line)) else {
                throw .usage("--stdin, line \(number): the device id is not UTF-8; correct the line")
            }
            let id = text.trimmed
            if id.isEmpty { continue }
            if Secrecy.hasKey(id) {
                throw .usage("--stdin, line \(number): this looks like an org key, not a device id; correct the line")
            }
            if let fault = fault(id) {
                throw .usage("--stdin, line \(number): the device id \(fault); correct the line")
            }
            ids.append(id)
        }
        return ids
    }

    /// nil when the bytes are not UTF-8.
    private static func validated(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }
}
