import Testing

@testable import machineid_emulator

@Suite struct RequestLogTests {
    private func line(
        keys: [String] = ["org_a"], method: String = "POST", path: String = "/p", device: String? = nil,
        status: UInt32? = 200, code: String = "ALLOW"
    ) throws -> String {
        let lines = Lines()
        RequestLog(hiding: HiddenKeys(keys.compactMap { OrgKey($0) })) { lines.add($0) }.record(
            Request(method: method, path: path, orgKey: keys.first, contentType: nil), RequestID(0, 0),
            device: try device.map { try DeviceID(trimming: $0) }, status: status, code: code)
        return lines.all.joined()
    }

    @Test func aLineHoldsWhatAnOperatorNeeds() throws {
        let line = try line(path: "/api/v1/devices/validate", device: "worker:prod:01", status: 200, code: "ALLOW")
        let time = #/time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /#
        #expect(line.prefixMatch(of: time) != nil)
        #expect(
            line.replacing(time, with: "") == """
                method=POST path=/api/v1/devices/validate status=200 \
                request_id=00000000-0000-4000-8000-000000000000 device=worker:prod:01 code=ALLOW\n
                """)
    }

    @Test func anUnknownValueIsADash() throws {
        #expect(try line(status: nil).contains(" status=- "))
        #expect(try line().contains(" device=- "))
    }

    @Test(arguments: [
        ("a b", #"device="a b""#),
        ("a\nb\rc\td", #"device="a\nb\rc\td""#),
        (#"a"b\c"#, #"device="a\"b\\c""#),
        ("\u{1B}[31mred", #"device="\u{1b}[31mred""#),
        ("a\u{202E}b\u{2028}c\u{9B}d", #"device="a\u{202e}b\u{2028}c\u{9b}d""#),
        ("日本", #"device="日本""#),
    ])
    func textFromAClientCannotBreakALine(device: String, field: String) throws {
        let line = try line(device: device)
        #expect(line.contains(" \(field) code="))
        #expect(line.filter { $0 == "\n" }.count == 1)
    }

    @Test(arguments: [
        "org_a", "xorg_ax", "org_aorg_a", "a/org_a/b", "org_org_a", "org_a\u{301}", "org_a\u{200D}", "é org_a \u{7}",
    ])
    func aKeyIsBlankedWhereverAClientPutsIt(text: String) throws {
        for line in [try line(device: text), try line(path: "/\(text)"), try line(method: text)] {
            #expect(line.contains("[org key"))
            #expect(!line.utf8.contains(subsequence: "org_a"))
        }
    }

    @Test func aKeyThatBeginsWithAnotherIsBlankedWhole() throws {
        let line = try line(keys: ["org_a", "org_a_and_more"], device: "org_a_and_more")
        #expect(!line.contains("_and_more"))
    }

    @Test func aKeyIsBlankedBeforeItIsEscapedOrCutOff() throws {
        let quoted = try line(keys: [#"org"key\"#], path: #"/org"key\"#)
        #expect(quoted.contains("[org key]") && !quoted.contains(#"org\"key"#))
        let long = try line(path: "/" + String(repeating: "x", count: 596) + "org_a")
        #expect(!long.contains("org_"))
        #expect(long.contains("…"))
    }

    @Test func aLongPathIsCutOff() throws {
        #expect(try line(path: "/" + String(repeating: "x", count: 30_000)).utf8.count < 1000)
    }
}

private final class Lines: Sendable {
    private let lines = Monitor<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}

extension String.UTF8View {
    fileprivate func contains(subsequence: String) -> Bool { firstRange(of: Array(subsequence.utf8)) != nil }
}
