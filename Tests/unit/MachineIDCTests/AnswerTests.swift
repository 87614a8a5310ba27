import Testing

@testable import MachineIDC

/// The outcome of reading a reply, in a form that can be compared.
private enum Outcome: Equatable {
    case allow, deny, done, refused
    case unusable(Status)
}

private func read(
    _ httpStatus: Int, _ body: [UInt8], as endpoint: Endpoint = .validate, about device: String = "agent-01"
) -> Outcome {
    do throws(Failure) {
        try ProcessSetup.run()
        let device = device.utf8CString
        let answer = try body.withUnsafeBufferPointer { buffer throws(Failure) in
            try device.withUnsafeBufferPointer { device throws(Failure) in
                try Answer(
                    to: endpoint, device: device.baseAddress, httpStatus: httpStatus, body: buffer.baseAddress,
                    count: buffer.count)
            }
        }
        if answer.status == .refused { return answer.isAllowed ? .allow : .refused }
        if answer.isAllowed { return .allow }
        return endpoint.replyKind == .decision ? .deny : .done
    } catch {
        error.message.destroy()
        return .unusable(error.status)
    }
}

private func read(
    _ httpStatus: Int, _ body: String, as endpoint: Endpoint = .validate, about device: String = "agent-01"
) -> Outcome {
    read(httpStatus, Array(body.utf8), as: endpoint, about: device)
}

private let allow = #"{"allowed":true,"code":"ALLOW","request_id":"9b2f6c0e-9d6c-4a1c-8b0e-2f2d0f8f6a11"}"#

@Suite struct AnswerTests {
    @Test(arguments: [
        allow,
        #"{"allowed":true}"#,
        #" { "allowed" : true } "#,
        "\r\n{\n\t\"allowed\": true\n}\r\n",
        #"{"code":"SOMETHING_NEW","new_field":[1,2.5,{"a":null}],"allowed":true}"#,
        #"{"allowed":true,"message":"größer als erwartet \u00e4 \ud83d\ude00"}"#,
        #"{"\u0061llowed":true}"#,
    ])
    func anAllowIsRead(_ body: String) {
        #expect(read(200, body) == .allow)
        #expect(read(201, body) == .allow)
    }

    @Test(arguments: [
        #"{"allowed":false,"code":"DEVICE_REVOKED"}"#,
        #"{"allowed":false}"#,
        #"{"code":"ALLOW","allowed":false,"status":"ok"}"#,
    ])
    func aDenialIsRead(_ body: String) {
        #expect(read(200, body) == .deny)
    }

    @Test(arguments: [
        // "allowed" is not a boolean
        "{}", #"{"allowed":"true"}"#, #"{"allowed":1}"#, #"{"allowed":1.0}"#, #"{"allowed":null}"#,
        #"{"allowed":[true]}"#, #"{"allowed":{"allowed":true}}"#, #"{"allowed":"false"}"#, #"{"allowed":0}"#,
        // "allowed" is not where it must be
        #"{"Allowed":true}"#, #"{"ALLOWED":true}"#, #"{"allowed ":true}"#, #"{"result":{"allowed":true}}"#,
        #"{"code":"ALLOW"}"#, #"[{"allowed":true}]"#, #"["allowed",true]"#,
        // a key is repeated
        #"{"allowed":false,"allowed":true}"#, #"{"allowed":true,"allowed":true}"#,
        #"{"allowed":true,"allowed":false}"#, #"{"allowed":false,"\u0061llowed":true}"#,
        #"{"allowed":true,"a":1,"a":2}"#, #"{"allowed":true,"a":{"b":1,"b":2}}"#,
        // not JSON, or JSON followed by more
        "", " ", "true", "null", #""allowed""#, "allowed", "<html>{\"allowed\":true}</html>", #"{"allowed":true"#,
        #"{"allowed":true}}"#, #"{"allowed":true} x"#, #"{"allowed":true}{"allowed":true}"#, #"{"allowed":true},"#,
        #"{"allowed":True}"#, #"{"allowed":TRUE}"#, #"{'allowed':true}"#, #"{allowed:true}"#, #"{"allowed":true,}"#,
        #"// x{"allowed":true}"#, #"/* x */{"allowed":true}"#, #")]}',{"allowed":true}"#,
        #"callback({"allowed":true})"#,
        #"{"allowed":true,"n":01}"#, #"{"allowed":true,"n":+1}"#, #"{"allowed":true,"n":NaN}"#,
        #"{"allowed":true,"n":1e999}"#, #"{"allowed":true,"n":-1e999}"#,
        #"{"allowed":true,"s":"\ud800"}"#, #"{"allowed":true,"s":"\u0000"}"#, #"{"allowed\u0000":true}"#,
        #"{"allowed":true,"s":"\x"}"#, "{\"allowed\":true,\"s\":\"\n\"}", "\u{feff}{\"allowed\":true}",
        "{\u{a0}\"allowed\":true}",
    ])
    func whatIsNotExactlyADecisionIsUnusable(_ body: String) {
        #expect(read(200, body) == .unusable(.badReply))
    }

    @Test func theValuesOfNumbersAreIgnored() {
        #expect(read(200, #"{"allowed":true,"n":99999999999999999999,"m":18446744073709551615,"e":1e308}"#) == .allow)
        #expect(read(200, #"{"allowed":false,"n":-99999999999999999999}"#) == .deny)
    }

    @Test func aReplyAboutAnotherDeviceIsUnusable() {
        func about(_ named: String, whenAskedAbout device: String, _ httpStatus: Int = 200) -> Outcome {
            read(httpStatus, #"{"allowed":true,"deviceId":"\#(named)"}"#, about: device)
        }
        #expect(about("agent-01", whenAskedAbout: "agent-01") == .allow)
        #expect(about("AGENT-01", whenAskedAbout: " agent-01\n") == .allow)
        #expect(about(" \\t\\r\\nAgent-01 \\t\\r\\n", whenAskedAbout: "agent-01") == .allow)
        #expect(about("agent -01", whenAskedAbout: "agent-01") == .unusable(.badReply))
        #expect(about("B\\u00e4r", whenAskedAbout: "bär") == .allow)
        #expect(about("agent-02", whenAskedAbout: "agent-01") == .unusable(.badReply))
        #expect(about("agent-0", whenAskedAbout: "agent-01") == .unusable(.badReply))
        #expect(about("agent-011", whenAskedAbout: "agent-01") == .unusable(.badReply))
        #expect(about("", whenAskedAbout: "agent-01") == .unusable(.badReply))
        #expect(about("BÄR", whenAskedAbout: "bär") == .unusable(.badReply))
        #expect(about("agent-02", whenAskedAbout: "agent-01", 403) == .unusable(.badReply))
        #expect(read(200, #"{"allowed":true,"deviceId":7}"#) == .allow)
        #expect(read(200, #"{"allowed":true,"device":{"deviceId":"agent-02"}}"#) == .allow)
        #expect(read(200, #"{"status":"ok","deviceId":"agent-02"}"#, as: .register) == .unusable(.badReply))
    }

    @Test func bytesThatAreNotTextAreUnusable() {
        let whole = Array(#"{"allowed":true}"#.utf8)
        #expect(read(200, whole) == .allow)
        #expect(read(200, whole + [0]) == .unusable(.badReply))
        #expect(read(200, [0] + whole) == .unusable(.badReply))
        #expect(read(200, Array(#"{"allowed":true,"s":""#.utf8) + [0] + Array(#""}"#.utf8)) == .unusable(.badReply))
        for bytes: [UInt8] in [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]] {
            let reply = Array(#"{"allowed":true,"s":""#.utf8) + bytes + Array(#""}"#.utf8)
            #expect(read(200, reply) == .unusable(.badReply))
        }
        #expect(read(200, whole.flatMap { [$0, 0] }) == .unusable(.badReply))
        #expect(read(200, [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0]) == .unusable(.badReply))
    }

    @Test func aNULAnywhereIsUnusable() {
        let whole = Array(#"{"allowed":true,"a":[null,false,1,"x"]}"#.utf8)
        #expect(read(200, whole) == .allow)
        for index in 0...whole.count {
            let bytes = whole[..<index] + [0] + whole[index...]
            #expect(read(200, Array(bytes)) == .unusable(.badReply), "a NUL before byte \(index)")
        }
    }

    @Test func aReplyCutAnywhereIsUnusable() {
        let whole = Array(allow.utf8)
        for length in 0..<whole.count {
            #expect(read(200, Array(whole[..<length])) == .unusable(.badReply), "cut after \(length) bytes")
        }
    }

    @Test func deepNestingIsUnusable() {
        func nested(_ depth: Int) -> String {
            #"{"allowed":true,"x":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        }
        #expect(read(200, nested(JSON.maximumDepth - 1)) == .allow)
        #expect(read(200, nested(JSON.maximumDepth)) == .unusable(.badReply))
        #expect(read(200, nested(100_000)) == .unusable(.badReply))
        #expect(read(200, String(repeating: "[", count: 100_000)) == .unusable(.badReply))
    }

    @Test func tooManyValuesAreUnusable() {
        func list(_ count: Int) -> String { "[" + String(repeating: "0,", count: count - 1) + "0]" }
        #expect(read(200, list(JSON.maximumValues), as: .listDevices) == .done)
        #expect(read(200, list(JSON.maximumValues + 1), as: .listDevices) == .unusable(.badReply))
    }

    @Test(arguments: [400, 401, 403, 404, 407, 409, 428, 430, 499])
    func anErrorStatusIsARefusalWhateverItsBody(_ httpStatus: Int) {
        #expect(read(httpStatus, #"{"status":"error","error":"invalid_org_key"}"#) == .refused)
        #expect(read(httpStatus, allow) == .refused)
        #expect(read(httpStatus, "{}") == .refused)
        #expect(read(httpStatus, "<html></html>") == .unusable(.badReply))
        #expect(read(httpStatus, "[]") == .unusable(.badReply))
        #expect(read(httpStatus, "") == .unusable(.badReply))
        #expect(read(httpStatus, #"{"error":"x"}"#, as: .usage) == .refused)
    }

    @Test(arguments: [408, 429, 500, 501, 502, 503, 504, 505, 511, 520, 599])
    func anOutageIsNeitherAnAnswerNorARefusalWhateverItsBody(_ httpStatus: Int) {
        for endpoint: Endpoint in [.validate, .register, .listDevices, .usage] {
            let replies = [allow, #"{"status":"error","error":"busy"}"#, "<html></html>", "[]", "", "{\0}"]
            for body in replies + [#"{"deviceId":"agent-01"}"#] {
                #expect(read(httpStatus, body, as: endpoint) == .unusable(.unavailable))
            }
        }
        // But a reply that names another device belongs to another request.
        #expect(read(httpStatus, #"{"error":"busy","deviceId":"agent-02"}"#) == .unusable(.badReply))
    }

    @Test(arguments: [-1, 0, 1, 99, 100, 101, 103, 199, 206, 300, 301, 302, 303, 304, 307, 308, 399, 600, 999, Int.max])
    func anyOtherStatusIsUnusable(_ httpStatus: Int) {
        #expect(read(httpStatus, allow) == .unusable(.badReply))
        #expect(read(httpStatus, allow, as: .register) == .unusable(.badReply))
    }

    @Test func otherOperationsNeedJSONButNoDecision() {
        for endpoint: Endpoint in [.register, .revoke, .unrevoke, .remove, .listDevices, .usage] {
            #expect(read(200, #"{"status":"ok"}"#, as: endpoint) == .done)
            #expect(read(200, #"{"allowed":true}"#, as: endpoint) == .done)
            #expect(read(200, "[]", as: endpoint) == .done)
            #expect(read(200, "ok", as: endpoint) == .unusable(.badReply))
            #expect(read(204, "", as: endpoint) == .unusable(.badReply))
        }
    }

    @Test(arguments: ["limit_reached", "blocked"])
    func aRegistrationThatIsRefusedWith200IsARefusal(_ status: String) {
        #expect(read(200, #"{"status":"\#(status)"}"#, as: .register) == .refused)
        #expect(read(200, #"{"status":"\#(status)"}"#, as: .usage) == .done)
        #expect(read(200, #"{"status":"exists"}"#, as: .register) == .done)
        #expect(read(200, #"{"status":"restored"}"#, as: .register) == .done)
    }

    @Test func messagesSayWhatIsWrongAndWhere() {
        func message(_ httpStatus: Int, _ body: String, retryAfter: Int = 0) -> String? {
            failure { () throws(Failure) in
                try withText(body) { text throws(Failure) in
                    _ = try Answer(
                        to: .validate, device: nil, httpStatus: httpStatus, retryAfter: retryAfter,
                        body: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: body.utf8.count)
                }
            }?.message
        }
        #expect(message(200, #"{"allowed":1}"#) == #"the reply (HTTP 200) has no boolean "allowed""#)
        #expect(message(403, "") == "the reply (HTTP 403) is empty")
        #expect(message(500, "") == "HTTP 500: the authority has no answer to give")
        #expect(message(408, allow, retryAfter: -1) == "HTTP 408: the authority has no answer to give")
        let pause = "HTTP 429: the authority has no answer to give, and asks for a pause of"
        #expect(message(429, allow, retryAfter: 1) == "\(pause) 1 s (Retry-After)")
        #expect(message(429, allow, retryAfter: 3_600) == "\(pause) 3600 s (Retry-After)")
        #expect(message(429, allow, retryAfter: Int.max) == "\(pause) more than 3600 s (Retry-After)")
        #expect(message(206, allow) == "HTTP 206 is not an answer: it is a part of one")
        #expect(message(302, "{}") == "HTTP 302 is not an answer; redirects are not followed, so check base_url")
        #expect(message(304, "") == "HTTP 304 is not an answer: it says that nothing has changed since an earlier one")
        #expect(
            message(200, #"{"a":1,"a":2}"#)?.hasPrefix("the reply (HTTP 200) repeats a key (line 1, column") == true)
        #expect(message(403, "<html>")?.hasPrefix("the reply (HTTP 403) is not JSON (line 1") == true)
        #expect(message(200, "{\n \"a\":\0}") == "the reply (HTTP 200) holds a NUL (line 2, column 6)")
        let nested = String(repeating: "[", count: JSON.maximumDepth + 1)
        #expect(
            message(200, "[\n\n" + nested)
                == "the reply (HTTP 200) nests too deep (line 3, column \(JSON.maximumDepth))")
        #expect(
            message(200, #"{"a":"\ud800"}"#)?.hasPrefix(
                #"the reply (HTTP 200) is not JSON: it holds a lone surrogate (\ud800 to \udfff) (line 1, column"#)
                == true)
        #expect(
            message(200, "\u{feff}{}")?.hasPrefix(
                "the reply (HTTP 200) is not JSON: it begins with a byte order mark (line 1, column") == true)
    }
}
