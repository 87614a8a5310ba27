import Foundation
import TestSupport
import Testing

@testable import machineid_emulator

/// How the program starts and how it ends.
@Suite struct ProcessTests {
    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalEndsItCleanly(signal: CInt) throws {
        let emulator = try EmulatorProcess()
        let idle = try emulator.connect()
        #expect(try idle.ask("GET", "/api/v1/usage").status == 200)
        emulator.signal(signal)
        let end = try emulator.end()
        #expect(end.status == 0)
        #expect(end.output.isEmpty)
        #expect(try idle.receive() == nil)
        #expect(try HTTPConnection(port: emulator.port) == nil)
    }

    @Test func aRequestInFlightIsAnsweredBeforeItEnds() throws {
        let emulator = try EmulatorProcess()
        let connection = try emulator.connect()
        let body = #"{"deviceId":"worker"}"#
        try connection.send(
            """
            POST /api/v1/devices/register HTTP/1.1\r\nHost: e\r\nx-org-key: org_a\r\nContent-Type: application/json\r\n\
            Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\n\r\n
            """)
        #expect(try connection.receive()?.status == 100)
        emulator.signal(SIGTERM)
        // Once it no longer listens, it has handled the signal.
        while try HTTPConnection(port: emulator.port) != nil { sched_yield() }
        try connection.send(body)
        let reply = try #require(try connection.receive())
        #expect(reply["status"] as? String == "ok")
        #expect(reply.headers["connection"] == "close")
        #expect(try connection.receive() == nil)
        #expect(try emulator.end().status == 0)
    }

    @Test func anIncompleteRequestDelaysTheEndByOnlyAFewSeconds() throws {
        let emulator = try EmulatorProcess()
        let connection = try emulator.connect()
        try connection.send(
            "POST /api/v1/devices/register HTTP/1.1\r\nHost: e\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
        #expect(try connection.receive()?.status == 100)
        let start = ContinuousClock.now
        emulator.signal(SIGTERM)
        #expect(try emulator.end().status == 0)
        #expect(ContinuousClock.now - start < .seconds(8))
    }

    @Test func aPortInUseIsReported() throws {
        let emulator = try EmulatorProcess()
        let second = try EmulatorProcess.run("--port", "\(emulator.port)")
        #expect(second.status == 1)
        #expect(second.output.isEmpty)
        #expect(
            second.errors == """
                machineid-emulator: cannot listen on 127.0.0.1 port \(emulator.port): \
                it is in use; choose another with --port, or 0 for a free one\n
                """)
        #expect(try emulator.connect().ask("GET", "/api/v1/usage").status == 200)
    }

    @Test func aPortIsFreeAgainAtOnce() throws {
        let first = try EmulatorProcess()
        let connection = try first.connect()
        #expect(try connection.ask("GET", "/api/v1/usage").status == 200)
        first.signal(SIGTERM)
        #expect(try first.end().status == 0)
        let second = try EmulatorProcess("--port", "\(first.port)")
        #expect(second.port == first.port)
        #expect(try second.connect().ask("GET", "/api/v1/usage").status == 200)
    }

    @Test func aBadArgumentIsNamedAndEndsItWithStatus2() throws {
        let run = try EmulatorProcess.run("--prot", "0")
        #expect(run.status == 2)
        #expect(run.output.isEmpty)
        #expect(run.errors == "machineid-emulator: unknown argument '--prot'\nTry 'machineid-emulator --help'.\n")
    }

    @Test func helpNamesEveryOptionAndPath() throws {
        let help = try EmulatorProcess.run("--help")
        #expect(help.status == 0)
        #expect(help.errors.isEmpty)
        for word in [
            "--org-key KEY", "--port N", "--host ADDRESS", "--plan TIER", "--plan-state STATE", "--execution SWITCH",
            "--quiet",
            "--help", "--version", "--scenario FILE", "--state FILE", "org_demo", "6430",
        ] + OperatorEndpoints.routes.map({ "\($0.method.rawValue) \($0.path)" }) {
            #expect(help.output.contains(word), "\(word)")
        }
        #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test func theVersionIsThatOfTheHeader() throws {
        let version = try EmulatorProcess.run("--version")
        #expect(version.status == 0)
        let header = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../include/machineid.h")
        let text = try String(contentsOf: header, encoding: .utf8)
        let number = try #require(text.firstMatch(of: /#define MID_VERSION "([^"]+)"/)).1
        #expect(version.output == "machineid-emulator \(number)\n")
    }
}
