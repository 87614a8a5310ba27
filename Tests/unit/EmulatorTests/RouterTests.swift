import Testing

@testable import machineid_emulator

/// Which requests are refused, and with what reply.
@Suite struct RouterTests {
    private static let routes = Endpoints.routes + OperatorEndpoints.routes
    private let authority = TestAuthority()

    @Test(arguments: [nil, "", "org_b", "org_a,org_a"] as [String?])
    func aMissingOrWrongKeyIsRefusedEverywhere(key: String?) {
        for route in Self.routes {
            let answer = authority.ask(route.method.rawValue, route.path, #"{"deviceId":"w"}"#, key: key)
            #expect(answer.status == 401)
            #expect(answer.text.hasPrefix(#"{"status":"error","error":"invalid_org_key","message":"#))
        }
    }

    @Test func spaceAroundAKeyIsTrimmed() {
        #expect(authority.ask("GET", "/api/v1/usage", key: " org_a\t").status == 200)
    }

    @Test(arguments: [
        "", "/", "/api/v1", "/api/v1/usage/", "/API/v1/usage", "/api/v1/devices/validate%00", "/api/v1/%75sage",
        "/emulator", "/api/v1/devices/revoke_batch",
    ])
    func anUnknownPathIsNotFound(path: String) {
        for method in ["GET", "POST", "DELETE"] {
            let answer = authority.ask(method, path)
            #expect(answer.status == 404)
            #expect(answer.code == "not_found")
        }
    }

    @Test(arguments: ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", "BREW"])
    func aWrongMethodNamesTheRightOnes(method: String) {
        for route in Self.routes {
            let others = Self.routes.filter { $0.path == route.path }
            if others.contains(where: { $0.takes(method) }) { continue }
            let answer = authority.ask(method, route.path)
            #expect(answer.status == 405)
            #expect(answer.code == "method_not_allowed")
            #expect(answer.allow == others.map(\.allow).joined(separator: ", "))
        }
    }

    @Test func theRetiredGETFormOfValidateIsRefused() {
        #expect(authority.ask("GET", "/api/v1/devices/validate").status == 405)
    }

    @Test func headIsAnsweredLikeGet() {
        #expect(authority.ask("HEAD", "/api/v1/usage").text == authority.ask("GET", "/api/v1/usage").text)
    }

    @Test(arguments: [
        "", "{", "null", "[]", #"["deviceId"]"#, #""w""#, #"{"deviceId":"w"}{}"#, #"{"deviceId":"w",}"#,
        "{'deviceId':'w'}", "deviceId=w", #"{"deviceId":"a","deviceId":"b"}"#, #"{"deviceId":"a\u0000"}"#,
        #"{"deviceId":"\ud800"}"#, #"{"deviceId":"w"}\#0"#, String(repeating: "[", count: 10_000),
    ])
    func aBodyThatIsNotAJSONObjectIsABadRequest(body: String) { expectBadRequest(Array(body.utf8), "invalid_json") }

    @Test func aBodyThatIsNotUTF8IsABadRequest() {
        expectBadRequest(Array(#"{"deviceId":""#.utf8) + [0xFF] + Array(#""}"#.utf8), "invalid_json")
    }

    @Test(arguments: [
        "{}", #"{"deviceid":"w"}"#, #"{"deviceId":null}"#, #"{"deviceId":7}"#, #"{"deviceId":["w"]}"#,
        #"{"deviceId":""}"#, #"{"deviceId":" \t\u3000"}"#, #"{"deviceId":"\#(String(repeating: "x", count: 513))"}"#,
    ])
    func aBodyWithoutAUsableDeviceIsABadRequest(body: String) {
        expectBadRequest(Array(body.utf8), "invalid_device_id")
    }

    private func expectBadRequest(_ body: [UInt8], _ code: String, sourceLocation: SourceLocation = #_sourceLocation) {
        for operation in ["register", "validate", "revoke", "unrevoke", "remove"] {
            let answer = authority.ask("POST", "/api/v1/devices/\(operation)", body)
            #expect(answer.status == 400, sourceLocation: sourceLocation)
            #expect(answer.code == code, sourceLocation: sourceLocation)
            let start = #"{"status":"error","error":"\#(code)","message":""#
            #expect(answer.text.hasPrefix(start), sourceLocation: sourceLocation)
            #expect(answer.text.hasSuffix(#"","request_id":"\#(authority.id.text)"}"#), sourceLocation: sourceLocation)
        }
        let list = authority.ask("GET", "/api/v1/devices/list")
        #expect(list.text.contains(#""devices":[]"#), sourceLocation: sourceLocation)
    }

    @Test func aRepeatedKeyIsReported() {
        let answer = authority.ask("POST", "/api/v1/devices/validate", #"{"deviceId":"a","deviceId":"b"}"#)
        #expect(answer.text.contains(#""message":"the body repeats a key at line 1"#))
    }

    @Test func aBodyOneByteOverTheLimitIsTooLarge() {
        let room = RequestBody.usualMaximum - #"{"deviceId":"w","x":""}"#.utf8.count
        func register(_ count: Int) -> TestAuthority.Answer {
            let filling = String(repeating: "x", count: count)
            return authority.ask("POST", "/api/v1/devices/register", #"{"deviceId":"w","x":"\#(filling)"}"#)
        }
        #expect(register(room).status == 200)
        #expect(register(room + 1).status == 413)
        #expect(register(room + 1).code == "body_too_large")
    }

    @Test(arguments: [
        "application/json", "Application/JSON", "application/json; charset=utf-8", " application/json ;x=y",
    ])
    func jsonIsAcceptedInEverySpellingOfItsMediaType(type: String) {
        #expect(authority.ask("POST", "/api/v1/devices/register", #"{"deviceId":"w"}"#, type: type).status == 200)
    }

    @Test(arguments: [nil, "", ";", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json"])
    func anyOtherMediaTypeIsRefused(type: String?) {
        let answer = authority.ask("POST", "/api/v1/devices/register", #"{"deviceId":"w"}"#, type: type)
        #expect(answer.status == 415)
        #expect(answer.code == "unsupported_media_type")
    }
}
