import CMachineID
import TestSupport
import Testing

@testable import MachineIDC

/// Runs the hostile authority against the debug build, where exclusive access and every sum are checked.
/// Tests/wire/test_hostile.py runs it against the release library, with more operations and a process for each call.
@Suite struct HostileTests {
    @Test func everyBehaviourHasItsExpectedOutcome() throws {
        let authority = try HostileAuthority()
        // Behaviours that wait take the client's whole time and are left out. Of a family, one in ten is enough.
        let behaviours = authority.behaviours.filter { !$0.waits && ($0.family.isEmpty || $0.name.hasSuffix("0")) }
        try #require(behaviours.count > 600)
        for behaviour in behaviours {
            try validate(behaviour)
            try listDevices(behaviour)
        }
    }

    /// Whatever happened, the client works afterwards and gets only its own answers.
    private func validate(_ behaviour: HostileAuthority.Behaviour) throws {
        guard let statuses = behaviour.statuses["validate"] else { return }
        let client = try client(for: behaviour)
        let answer = client.validate(behaviour.device)
        expect(answer.status, answer.json, among: statuses, behaviour)
        if answer.status != Status.ok.rawValue || behaviour.kind == "bad" {
            #expect(!answer.allowed, "\(behaviour.name): WRONG ALLOWED")
        } else if behaviour.kind == "good" {
            #expect(answer.allowed, "\(behaviour.name)")
        }
        if behaviour.stage != "request" || behaviour.settles { return }
        for (device, isAllowed) in [("denied:worker", false), ("good:worker", true)] {
            let own = client.validate(device)
            let isRight = own.status == Status.ok.rawValue && own.allowed == isAllowed && own.json.contains(device)
            #expect(isRight, "\(behaviour.name), afterwards: \(own.json)")
        }
    }

    private func listDevices(_ behaviour: HostileAuthority.Behaviour) throws {
        guard let statuses = behaviour.statuses["list_devices"] else { return }
        let answer = try client(for: behaviour).listDevices()
        expect(answer.status, answer.json, among: statuses, behaviour)
    }

    private func client(for behaviour: HostileAuthority.Behaviour) throws -> ABIClient {
        try ABIClient(
            behaviour.baseURL, orgKey: "org_hostile_test",
            #","timeout_ms":20000,"max_retries":\#(behaviour.maxRetries)"#)
    }

    private func expect(
        _ status: mid_status, _ json: String, among statuses: [String], _ behaviour: HostileAuthority.Behaviour
    ) {
        let name = String(cString: CMachineID.mid_status_name(status))
        #expect(statuses.contains(name), "\(behaviour.name): \(json)")
        if name == "MID_OK" || name == "MID_REFUSED" { return }
        let start = #"{"allowed":false,"code":"CLIENT_\#(name.dropFirst(4))","request_id":null,"message":""#
        #expect(json.hasPrefix(start) && !json.contains("STRAY"), "\(behaviour.name): \(json)")
    }
}

extension HostileAuthority.Behaviour {
    /// The authority expects a device id of this length: its cuts are made for it.
    fileprivate var device: String { "worker:000000" }
}
