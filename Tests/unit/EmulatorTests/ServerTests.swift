import Foundation
import TestSupport
import Testing

@testable import machineid_emulator

/// HTTP against the real binary.
@Suite struct ServerTests {
    private let worker = #"{"deviceId":"worker"}"#

    @Test func theWholeStoryOverOneConnection() throws {
        let emulator = try EmulatorProcess()
        let connection = try emulator.connect()
        #expect(try connection.ask("POST", "/api/v1/devices/register", worker)["status"] as? String == "ok")
        #expect(try connection.ask("POST", "/api/v1/devices/validate", worker)["allowed"] as? Bool == true)
        #expect(try connection.ask("POST", "/api/v1/devices/revoke", worker)["revoked"] as? Bool == true)
        #expect(try connection.ask("POST", "/api/v1/devices/register", worker)["status"] as? String == "exists")
        let denied = try connection.ask("POST", "/api/v1/devices/validate", worker)
        #expect(denied["allowed"] as? Bool == false)
        #expect(denied["code"] as? String == "DEVICE_REVOKED")
        #expect(try connection.ask("POST", "/api/v1/devices/unrevoke", worker)["revoked"] as? Bool == false)
        #expect(try connection.ask("POST", "/api/v1/devices/validate", worker)["allowed"] as? Bool == true)
        #expect(
            try connection.ask("GET", "/api/v1/devices/list").body.contains(#"[{"deviceId":"worker","revoked":false}]"#)
        )
        #expect(try connection.ask("GET", "/api/v1/usage")["devicesUsed"] as? Int == 1)
        #expect(try connection.ask("POST", "/api/v1/devices/remove", worker).status == 200)
        #expect(try connection.ask("POST", "/api/v1/devices/remove", worker).status == 404)
        #expect(try emulator.log.count == 11)
    }

    @Test func aReplyIsJSONWithTheRequestIDOfTheLog() throws {
        let emulator = try EmulatorProcess()
        let connection = try emulator.connect()
        let reply = try connection.ask("POST", "/api/v1/devices/validate", worker)
        #expect(reply.headers["content-type"] == "application/json")
        #expect(reply.headers["cache-control"] == "no-store")
        #expect(reply.headers["connection"] == nil)
        let id = try #require(reply.headers["x-request-id"])
        #expect(UUID(uuidString: id) != nil)
        #expect(reply["request_id"] as? String == id)
        let line = try #require(try emulator.log.last)
        #expect(line.contains(" method=POST path=/api/v1/devices/validate status=200 request_id=\(id) device=worker "))
        #expect(line.hasSuffix(" code=DEVICE_NOT_REGISTERED"))
        #expect(try connection.ask("GET", "/nowhere").headers["x-request-id"] != id)
    }

    @Test func organisationsAreSeparate() throws {
        let emulator = try EmulatorProcess(keys: ["org_a", "org_b"])
        let connection = try emulator.connect()
        #expect(try connection.ask("POST", "/api/v1/devices/register", worker, key: "org_a").status == 200)
        #expect(try connection.ask("POST", "/api/v1/devices/revoke", worker, key: "org_b").status == 404)
        #expect(try connection.ask("POST", "/emulator/plan", #"{"planState":"frozen"}"#, key: "org_b").status == 200)
        #expect(
            try connection.ask("POST", "/api/v1/devices/validate", worker, key: "org_a")["code"] as? String == "ALLOW")
        #expect(
            try connection.ask("POST", "/api/v1/devices/validate", worker, key: "org_b")["code"] as? String
                == "PLAN_FROZEN")
        for key in [nil, "org_c"] {
            #expect(try connection.ask("POST", "/api/v1/devices/validate", worker, key: key).status == 401)
        }
    }

    @Test func theCommandLineSetsThePlan() throws {
        let emulator = try EmulatorProcess("--plan", "scale", "--plan-state", "not_active", "--execution", "off")
        let connection = try emulator.connect()
        #expect(try connection.ask("GET", "/api/v1/usage")["limit"] as? Int == 250)
        #expect(try connection.ask("POST", "/api/v1/devices/validate", worker)["code"] as? String == "PLAN_NOT_ACTIVE")
        #expect(try connection.ask("POST", "/emulator/plan", #"{"planState":"active"}"#).status == 200)
        #expect(
            try connection.ask("POST", "/api/v1/devices/validate", worker)["code"] as? String == "EXECUTION_DISABLED")
    }

    @Test func anOutageAffectsOneOrganisationAndKeepsTheConnection() throws {
        let emulator = try EmulatorProcess(keys: ["org_a", "org_b"])
        let connection = try emulator.connect()
        let outage = #"{"httpStatus":503,"retryAfter":30,"requests":1}"#
        #expect(try connection.ask("POST", "/emulator/outage", outage, key: "org_a").status == 200)
        #expect(try connection.ask("GET", "/api/v1/usage", key: "org_b").status == 200)
        let refused = try connection.ask("GET", "/api/v1/usage", key: "org_a")
        #expect(refused.status == 503)
        #expect(refused.headers["retry-after"] == "30")
        #expect(refused["error"] as? String == "unavailable")
        #expect(try connection.ask("GET", "/api/v1/usage", key: "org_a").status == 200)
        #expect(try #require(try emulator.log.dropLast().last).hasSuffix(" code=unavailable"))
    }

    @Test func theDemoKeyIsValidOnlyWhenNoKeyIsGiven() throws {
        let open = try EmulatorProcess(keys: [])
        #expect(try open.connect().ask("GET", "/api/v1/usage", key: "org_demo").status == 200)
        let closed = try EmulatorProcess()
        #expect(try closed.connect().ask("GET", "/api/v1/usage", key: "org_demo").status == 401)
    }

    @Test func manyClientsAtOnceGetTheirOwnReplies() throws {
        let emulator = try EmulatorProcess("--plan", "max")
        let port = emulator.port
        let (clients, calls) = (32, 50)
        let correct = Monitor(0)
        let ids = Monitor(Set<String>())
        let running = DispatchGroup()
        for client in 0..<clients {
            running.enter()
            Thread {
                defer { running.leave() }
                guard let connection = try? HTTPConnection(port: port) else { return }
                let device = "client:\(client)"
                let body = #"{"deviceId":"\#(device)"}"#
                _ = try? connection.ask("POST", "/api/v1/devices/register", body)
                for call in 0..<calls {
                    let revoked = call % 2 == 1
                    _ = try? connection.ask("POST", "/api/v1/devices/\(revoked ? "revoke" : "unrevoke")", body)
                    let reply = try? connection.ask("POST", "/api/v1/devices/validate", body)
                    if reply?["deviceId"] as? String == device, reply?["allowed"] as? Bool == !revoked {
                        correct.withLock { $0 += 1 }
                    }
                    if let id = reply?["request_id"] as? String { ids.withLock { _ = $0.insert(id) } }
                }
            }.start()
        }
        running.wait()
        #expect(correct.withLock { $0 } == clients * calls)
        #expect(ids.withLock { $0.count } == clients * calls)
        #expect(try emulator.connect().ask("GET", "/api/v1/usage")["devicesUsed"] as? Int == clients)
        #expect(try emulator.log.count == clients * (1 + 2 * calls) + 1)
    }

    @Test func moreConnectionsThanTheUsualDescriptorLimitAreServed() throws {
        let emulator = try EmulatorProcess("--quiet")
        let connections = try (0..<600).map { _ in try emulator.connect() }
        for connection in connections { #expect(try connection.ask("GET", "/api/v1/usage").status == 200) }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let connection = try EmulatorProcess().connect()
        let paths = ["/1", "/api/v1/usage", "/2", "/api/v1/devices/list"]
        try connection.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: e\r\nx-org-key: org_a\r\n\r\n" }.joined())
        for status in [404, 200, 404, 200] { #expect(try connection.receive()?.status == status) }
    }

    @Test func headHasTheHeadersOfGetAndNoBody() throws {
        let connection = try EmulatorProcess().connect()
        let get = try connection.ask("GET", "/api/v1/usage")
        let head = try connection.ask("HEAD", "/api/v1/usage")
        #expect(head.status == 200)
        #expect(head.headers["content-length"] == "\(get.body.utf8.count)")
        #expect(try connection.ask("GET", "/api/v1/usage").body == get.body)
    }

    @Test func aWrongMethodNamesTheRightOne() throws {
        let connection = try EmulatorProcess().connect()
        let reply = try connection.ask("GET", "/api/v1/devices/validate?deviceId=worker")
        #expect(reply.status == 405)
        #expect(reply.headers["allow"] == "POST")
        #expect(reply["error"] as? String == "method_not_allowed")
    }

    @Test func aChunkedBodyIsRead() throws {
        let connection = try EmulatorProcess().connect()
        try connection.send(
            """
            POST /api/v1/devices/register HTTP/1.1\r\nHost: e\r\nx-org-key: org_a\r\nContent-Type: application/json\r\n\
            Transfer-Encoding: chunked\r\n\r\n6\r\n{"devi\r\nf\r\nceId":"worker"}\r\n0\r\n\r\n
            """)
        #expect(try connection.receive()?["deviceId"] as? String == "worker")
    }

    @Test func aConnectionSurvivesABodyThatIsTooLarge() throws {
        let connection = try EmulatorProcess().connect()
        let reply = try connection.ask("POST", "/api/v1/devices/register", String(repeating: "x", count: 500_000))
        #expect(reply.status == 413)
        #expect(reply["error"] as? String == "body_too_large")
        #expect(try connection.ask("GET", "/api/v1/usage").status == 200)
    }

    @Test func aBodyThatIsMuchTooLargeIsRefusedBeforeItIsSent() throws {
        let connection = try EmulatorProcess().connect()
        try connection.send(
            """
            POST /api/v1/devices/register HTTP/1.1\r\nHost: e\r\nx-org-key: org_a\r\nContent-Type: application/json\r\n\
            Content-Length: 100000000\r\n\r\n
            """)
        let reply = try #require(try connection.receive())
        #expect(reply.status == 413)
        #expect(reply.headers["connection"] == "close")
        #expect(try connection.receive() == nil)
    }

    @Test func aRequestThatIsNotCompletedIsLoggedAsAborted() throws {
        let emulator = try EmulatorProcess()
        var connection: HTTPConnection? = try emulator.connect()
        try connection?.send(
            """
            POST /api/v1/devices/register HTTP/1.1\r\nHost: e\r\nx-org-key: org_a\r\nContent-Type: application/json\r\n\
            Content-Length: 100\r\nExpect: 100-continue\r\n\r\n
            """)
        #expect(try connection?.receive()?.status == 100)
        connection = nil
        while try emulator.log.isEmpty { sched_yield() }
        let line = try #require(try emulator.log.first)
        #expect(line.contains(" path=/api/v1/devices/register status=- "))
        #expect(line.hasSuffix(" device=- code=aborted"))
    }

    @Test func noLogLineHoldsAKeyOrMoreThanOneLine() throws {
        let keys = ["org_secret_1", "org_secret_2"]
        let emulator = try EmulatorProcess(keys: keys)
        let connection = try emulator.connect()
        for key in keys + ["org_secret_3", nil] {
            _ = try connection.ask("POST", "/api/v1/devices/register", worker, key: key)
            _ = try connection.ask(
                "POST", "/api/v1/devices/register", #"{"deviceId":"\#(keys[1])\n\u001b[2J"}"#, key: key)
            _ = try connection.ask("GET", "/\(keys[0])/usage?key=\(keys[1])", key: key)
            _ = try connection.ask(keys[0], "/", key: key)
            _ = try connection.ask("POST", "/emulator/plan", #"{"\#(keys[0])":"\#(keys[1])"}"#, key: key)
        }
        let log = try emulator.log
        #expect(log.count == 20)
        for line in log {
            #expect(!line.contains("org_secret"))
            #expect(
                line.wholeMatch(of: /time=\S+ method=.+ path=.+ status=\d+ request_id=\S+ device=.+ code=\w+/) != nil)
            #expect(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        }
    }

    @Test func quietMeansNoLog() throws {
        let emulator = try EmulatorProcess("--quiet")
        _ = try emulator.connect().ask("GET", "/api/v1/usage")
        emulator.signal(SIGTERM)
        #expect(try emulator.end().status == 0)
        #expect(try emulator.log.isEmpty)
    }
}
