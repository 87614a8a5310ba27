import Foundation
import Testing

@testable import machineid_emulator

@Suite struct OrganisationTests {
    private func organisation(_ tier: PlanTier = .free) -> Organisation { Organisation(plan: Plan(tier: tier)) }

    @Test func registeringAgainChangesNothing() throws {
        let organisation = organisation()
        let device = try DeviceID(trimming: "worker")
        #expect(organisation.register(device).0 == .created)
        #expect(organisation.register(device).0 == .exists)
        #expect(organisation.usage.devicesUsed == 1)
    }

    @Test func registeringDoesNotRestoreARevokedDevice() throws {
        let organisation = organisation()
        let device = try DeviceID(trimming: "worker")
        _ = organisation.register(device)
        _ = organisation.setRevoked(device, true)
        #expect(organisation.register(device).0 == .exists)
        #expect(organisation.validate(device).0 == .deviceRevoked)
    }

    @Test(arguments: zip(PlanTier.allCases, [3, 25, 250, 1000]))
    func aPlanHoldsAsManyDevicesAsItsLimit(tier: PlanTier, limit: Int) throws {
        let organisation = organisation(tier)
        for number in 1...limit {
            let (registration, usage) = organisation.register(try DeviceID(trimming: "worker \(number)"))
            #expect(registration == .created)
            #expect(usage.remaining == limit - number)
        }
        let (registration, usage) = organisation.register(try DeviceID(trimming: "one more"))
        #expect(registration == .limitReached)
        #expect(usage.devicesUsed == limit)
        #expect(!usage.overLimit)
        #expect(organisation.register(try DeviceID(trimming: "worker 1")).0 == .exists)
    }

    @Test func aRevokedDeviceCountsAgainstTheLimitAndARemovedOneDoesNot() throws {
        let organisation = organisation()
        let devices = try ["a", "b", "c"].map { try DeviceID(trimming: $0) }
        let newcomer = try DeviceID(trimming: "d")
        devices.forEach { _ = organisation.register($0) }
        _ = organisation.setRevoked(devices[0], true)
        #expect(organisation.register(newcomer).0 == .limitReached)
        _ = organisation.remove(devices[0])
        #expect(organisation.register(newcomer).0 == .created)
    }

    @Test func aReasonAboutTheOrganisationComesBeforeOneAboutTheDevice() throws {
        let organisation = organisation()
        let device = try DeviceID(trimming: "worker")
        #expect(organisation.validate(device).0 == .deviceNotRegistered)
        _ = organisation.register(device)
        #expect(organisation.validate(device).0 == .allow)
        _ = organisation.setRevoked(device, true)
        #expect(organisation.validate(device).0 == .deviceRevoked)
        _ = organisation.changePlan { $0.executionEnabled = false }
        #expect(organisation.validate(device).0 == .executionDisabled)
        _ = organisation.changePlan { $0.state = .frozen }
        #expect(organisation.validate(device).0 == .planFrozen)
        _ = organisation.changePlan { $0.state = .notActive }
        #expect(organisation.validate(device).0 == .planNotActive)
        _ = organisation.changePlan { $0 = Plan() }
        _ = organisation.setRevoked(device, false)
        #expect(organisation.validate(device).0 == .allow)
    }

    @Test func anUnknownDeviceIsNeitherRevokedNorRemoved() throws {
        let organisation = organisation()
        let device = try DeviceID(trimming: "worker")
        #expect(organisation.setRevoked(device, true) == nil)
        #expect(organisation.setRevoked(device, false) == nil)
        #expect(organisation.remove(device) == nil)
        #expect(organisation.devices.isEmpty)
    }

    @Test func devicesAreListedInTheOrderOfTheirRegistration() throws {
        let organisation = organisation(.pro)
        let names = ["zeta", "alpha", "mu", "beta"]
        for name in names { _ = organisation.register(try DeviceID(trimming: name)) }
        _ = organisation.setRevoked(try DeviceID(trimming: "alpha"), true)
        #expect(organisation.devices.map(\.id.text) == names)
        #expect(organisation.devices.map(\.revoked) == [false, true, false, false])
        _ = organisation.remove(try DeviceID(trimming: "zeta"))
        _ = organisation.register(try DeviceID(trimming: "zeta"))
        #expect(organisation.devices.map(\.id.text) == ["alpha", "mu", "beta", "zeta"])
    }

    @Test func aSmallerPlanKeepsTheDevicesAndReportsThatTheyAreTooMany() throws {
        let organisation = organisation(.pro)
        for number in 1...5 { _ = organisation.register(try DeviceID(trimming: "worker \(number)")) }
        let usage = organisation.changePlan { $0.tier = .free }
        #expect(usage == Usage(plan: Plan(tier: .free), devicesUsed: 5))
        #expect(usage.overLimit)
        #expect(usage.remaining == 0)
        #expect(organisation.register(try DeviceID(trimming: "worker 6")).0 == .limitReached)
        #expect(organisation.validate(try DeviceID(trimming: "worker 5")).0 == .allow)
    }

    @Test func resettingForgetsTheDevicesAndTheChangesToThePlan() throws {
        let organisation = organisation(.pro)
        _ = organisation.register(try DeviceID(trimming: "worker"))
        _ = organisation.changePlan { $0 = Plan(tier: .max, state: .frozen, executionEnabled: false) }
        #expect(organisation.reset() == Usage(plan: Plan(tier: .pro), devicesUsed: 0))
        #expect(organisation.devices.isEmpty)
    }

    @Test func manyThreadsNeverRegisterMoreThanThePlanHolds() {
        let organisation = organisation(.scale)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for number in 0..<100 {
                guard let device = try? DeviceID(trimming: "\(thread):\(number)") else { continue }
                _ = organisation.register(device)
            }
        }
        #expect(organisation.usage.devicesUsed == 250)
        #expect(Set(organisation.devices.map(\.id)).count == 250)
    }
}

@Suite struct AuthorityTests {
    @Test func organisationsShareNothing() throws {
        let keys = ["org_a", "org_b"].compactMap { OrgKey($0) }
        let authority = Authority(keys: keys, plan: Plan())
        let device = try DeviceID(trimming: "worker")
        _ = try authority.organisation("org_a").register(device)
        _ = try authority.organisation("org_b").changePlan { $0.state = .frozen }
        #expect(try authority.organisation("org_a").validate(device).0 == .allow)
        #expect(try authority.organisation("org_b").devices.isEmpty)
    }

    @Test(arguments: [nil, "", "org_b", "ORG_A", "org_a org_a", "org_a\0"] as [String?])
    func anyOtherKeyIsRefused(key: String?) throws {
        let authority = Authority(keys: ["org_a"].compactMap { OrgKey($0) }, plan: Plan())
        #expect(throws: Refusal.invalidOrgKey) { try authority.organisation(key) }
    }

    @Test func aKeyDoesNotAppearInItsDescriptions() throws {
        let key = try #require(OrgKey("org_secret"))
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), String(describing: [key]), dumped] {
            #expect(!text.contains("secret"))
        }
    }
}
