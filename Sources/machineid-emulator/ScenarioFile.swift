import Glibc

extension Scenario {
    /// More than enough for the largest number of steps.
    static let maximumBytes = 1024 * 1024

    /// Reads a scenario from a file. The message of a failure is one line that begins with the file's name.
    init(file path: String) throws(Failure) {
        let name = path.quotedIfNecessary(maximum: 600)
        func wrong(_ what: String) -> Failure { Failure(status: 2, "\(name): \(what)") }
        let bytes = try Self.bytes(of: path, wrong)
        let object: JSONObject
        do throws(JSONFault) {
            object = try JSONObject(parsing: bytes)
        } catch {
            throw wrong("\(error.message); docs/testing.md has examples of scenarios")
        }
        do throws(ScenarioError) {
            self = try ScenarioReader.read(object)
        } catch {
            throw wrong(error.message)
        }
    }

    private static func bytes(of path: String, _ wrong: (String) -> Failure) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw wrong("cannot be opened: \(reason); give --scenario a file that can be read")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw wrong("cannot be read: \(String(cString: strerror(errno)))") }
            if count == 0 { return bytes }
            bytes += piece[..<count]
            if bytes.count > maximumBytes { throw wrong("is longer than \(maximumBytes) bytes; shorten it") }
        }
    }
}
