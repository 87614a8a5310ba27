import Testing
import CMachineID
@testable import MachineIDC
@Test func a() { #expect(String(cString: CMachineID.mid_version()) == "0.1.0") }
