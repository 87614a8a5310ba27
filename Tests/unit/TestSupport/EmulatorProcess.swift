import Foundation
import Testing

/// Runs the emulator as a separate process, on a free port. The process is killed with this object.
package final class EmulatorProcess {
    package let port: UInt16
    private let process: Foundation.Process
    private let output = Pipe()
    private let logFile: URL

    /// Starts the emulator and waits until it listens. Without keys it gets the key org_a.
    package init(_ arguments: String..., keys: [String] = ["org_a"]) throws {
        logFile = FileManager.default.temporaryDirectory.appendingPathComponent("emulator-\(UUID().uuidString).log")
        try Data().write(to: logFile)
        process = try Self.launch(
            ["--port", "0"] + keys.flatMap { ["--org-key", $0] } + arguments, output: output,
            errors: FileHandle(forWritingTo: logFile))
        var line = ""
        while !line.hasSuffix("\n") {
            let byte = try #require(try output.fileHandleForReading.read(upToCount: 1), "the emulator ended at once")
            line += String(decoding: byte, as: UTF8.self)
        }
        let match = try #require(try /listening on http:\/\/127\.0\.0\.1:(\d+)\n/.wholeMatch(in: line))
        port = try #require(UInt16(match.1))
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: logFile)
    }

    /// The lines on standard error. Once a reply has been read, the line of its request is here.
    package var log: [String] {
        get throws { try String(contentsOf: logFile, encoding: .utf8).split(separator: "\n").map(String.init) }
    }

    package func signal(_ signal: CInt) { kill(process.processIdentifier, signal) }

    /// Stops the process, and waits until it has stopped. SIGCONT continues it.
    package func stop() throws {
        signal(SIGSTOP)
        let threads = "/proc/\(process.processIdentifier)/task"
        while true {
            let states = try FileManager.default.contentsOfDirectory(atPath: threads).map { thread in
                let stat = try String(contentsOfFile: "\(threads)/\(thread)/stat", encoding: .utf8)
                return stat[stat.index(after: stat.lastIndex(of: ")") ?? stat.startIndex)...].prefix(2)
            }
            if states.allSatisfy({ $0 == " T" }) { return }
            sched_yield()
        }
    }

    /// Waits for the end. Returns the exit status, and the standard output that followed the line with the URL.
    package func end() throws -> (status: CInt, output: String) {
        process.waitUntilExit()
        try #require(process.terminationReason == .exit)
        let rest = try output.fileHandleForReading.readToEnd() ?? Data()
        return (process.terminationStatus, String(decoding: rest, as: UTF8.self))
    }

    /// Runs the emulator with arguments that make it end by itself.
    package static func run(_ arguments: String...) throws -> (status: CInt, output: String, errors: String) {
        let (output, errors) = (Pipe(), Pipe())
        let process = try launch(arguments, output: output, errors: errors.fileHandleForWriting)
        try errors.fileHandleForWriting.close()
        let texts = try [output, errors].map {
            String(decoding: try $0.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }
        process.waitUntilExit()
        return (process.terminationStatus, texts[0], texts[1])
    }

    /// The binary is built beside the tests. MACHINEID_EMULATOR can name another, such as the release build.
    private static var binary: URL {
        if let path = ProcessInfo.processInfo.environment["MACHINEID_EMULATOR"] { return URL(fileURLWithPath: path) }
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("machineid-emulator")
    }

    private static func launch(_ arguments: [String], output: Pipe, errors: FileHandle) throws -> Foundation.Process {
        let process = Foundation.Process()
        process.executableURL = binary
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        return process
    }
}
