import CMachineID
import Foundation
import Testing

@testable import MachineIDC

@Suite struct StatusTests {
    private static let header = try? String(
        contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../include/machineid.h"),
        encoding: .utf8)

    /// Every `MID_NAME = number` of the header.
    private static let declared: [(name: String, number: mid_status)] = (header ?? "")
        .matches(of: /\b(MID_[A-Z_]+) = ([0-9]+)/)
        .map { (String($0.1), mid_status($0.2) ?? -1) }

    @Test func everyStatusOfTheHeaderHasItsName() {
        #expect(StatusTests.declared.count >= 15)
        for (name, number) in StatusTests.declared {
            #expect(String(cString: Status(rawValue: number).name.cString) == name)
        }
    }

    @Test(arguments: [-1, 2, 99, 103, 206, 299, 301, 403, mid_status.max, mid_status.min])
    func anyOtherNumberHasAName(_ number: mid_status) {
        #expect(String(cString: Status(rawValue: number).name.cString) == "MID_UNKNOWN_STATUS")
    }

    @Test func theJSONOfAFailureHasOneShape() throws {
        for (name, number) in StatusTests.declared where number >= 100 {
            let failure = Failure(Status(rawValue: number), "it said \"\(Literal("no\\n"))\"")
            let json = failure.json().text
            failure.message.destroy()
            defer { Failure.freeJSON(json) }
            let text = String(cString: json)
            let code = name.replacing(/^MID/, with: "CLIENT")
            #expect(text == #"{"allowed":false,"code":"\#(code)","request_id":null,"message":"it said \"no\\n\""}"#)
            #expect(try JSONSerialization.jsonObject(with: Data(text.utf8)) is [String: Any])
        }
    }

    @Test func theVersionIsThatOfTheHeader() {
        let version = String(cString: CMachineID.mid_version())
        #expect(StatusTests.header?.contains("#define MID_VERSION \"\(version)\"") == true)
        let parts = version.split(separator: ".").compactMap { Int32($0) }
        #expect(parts.count == 3)
        #expect(parts.reduce(0) { $0 * 100 + $1 } == CMachineID.mid_version_number())
        #expect(CMachineID.mid_version_number() == MID_VERSION_NUMBER)
    }
}
