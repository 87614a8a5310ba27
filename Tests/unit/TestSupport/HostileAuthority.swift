import Foundation
import Testing

/// Runs Tests/wire/hostile/authority.py as a separate process, on a free port. The process is killed with this object.
package final class HostileAuthority {
    package struct Behaviour: Decodable {
        package let name: String
        package let kind: String
        package let stage: String
        package let family: String
        package let waits: Bool
        package let settles: Bool
        package let baseURL: String
        package let maxRetries: Int
        /// The statuses that each operation may return, for the operations that the behaviour applies to.
        package let statuses: [String: [String]]

        private enum CodingKeys: String, CodingKey {
            case name, kind, stage, family, waits, settles, statuses
            case baseURL = "base_url"
            case maxRetries = "max_retries"
        }
    }

    package let behaviours: [Behaviour]
    private let process = Foundation.Process()
    /// The authority serves until this is closed, which a crash of the tests does too.
    private let input = Pipe()
    private let output = Pipe()

    /// Starts the authority and waits until it has printed its behaviours.
    package init() throws {
        let script = URL(fileURLWithPath: #filePath)
            .appendingPathComponent("../../../wire/hostile/authority.py").standardizedFileURL
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["PYTHONDONTWRITEBYTECODE=1", "python3", script.path, "--json"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // The first line has the URL, the second the behaviours.
        var said = Data()
        while said.count(where: { $0 == UInt8(ascii: "\n") }) < 2 {
            let more = output.fileHandleForReading.availableData
            try #require(
                !more.isEmpty, "authority.py ended at once; it needs python3, which script/bootstrap --tests installs")
            said += more
        }
        let line = said.split(separator: UInt8(ascii: "\n"))[1]
        behaviours = try JSONDecoder().decode([Behaviour].self, from: line)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }
}
