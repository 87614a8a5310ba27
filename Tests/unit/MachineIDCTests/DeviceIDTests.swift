import Foundation
import Testing

@testable import MachineIDC

private func body(_ raw: String) throws(Failure) -> String {
    try withText(raw) { text throws(Failure) in
        var body = try DeviceID(text).requestBody()
        let json = body.take()
        defer { free(json) }
        return json.map { String(cString: $0) } ?? ""
    }
}

@Suite struct DeviceIDTests {
    @Test func theBodyHoldsTheTrimmedIDAndNothingElse() throws {
        #expect(try body("worker:prod:queue-consumer:07") == #"{"deviceId":"worker:prod:queue-consumer:07"}"#)
        #expect(try body(" \u{a0}w1\n") == #"{"deviceId":"w1"}"#)
    }

    @Test(arguments: [#"a"b"#, #"a\b"#, #"","allowed":true,"x":""#, "a\nb", "a\u{1}b", "größe", "😀", "a/b c"])
    func theIDIsDataAndNeverJSON(_ raw: String) throws {
        let parsed = try JSONSerialization.jsonObject(with: Data(try body(raw).utf8))
        #expect(parsed as? [String: String] == ["deviceId": raw])
    }

    @Test func theLongestIDIsAcceptedAndALongerOneIsRefused() throws {
        let longest = String(repeating: "é", count: DeviceID.maximumBytes / 2)
        #expect(try body(longest) == #"{"deviceId":"\#(longest)"}"#)
        let refusal = failure { () throws(Failure) in _ = try body(longest + "x") }
        #expect(refusal?.status == .invalidArgument)
        #expect(refusal?.message == "device_id is longer than 512 bytes")
    }

    @Test func anUnusableIDIsRefusedWithAReason() {
        let none = failure { () throws(Failure) in _ = try DeviceID(nil) }
        #expect(none?.status == .invalidArgument)
        #expect(none?.message == "device_id is NULL")
        let empty = failure { () throws(Failure) in _ = try body(" \t ") }
        #expect(empty?.message == "device_id is empty")
        let notText = failure { () throws(Failure) in
            try withBytes([0x61, 0xc3, 0x28]) { text throws(Failure) in _ = try DeviceID(text) }
        }
        #expect(notText?.message == "device_id is not UTF-8")
    }
}
