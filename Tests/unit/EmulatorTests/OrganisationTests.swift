import Foundation
import Testing

@testable import machineid_emulator

@Suite struct OrganisationTests {
    private func organisation(_ tier: PlanTier = .free) throws -> Organisation {
        try Organisation(plan: Plan(tier: tier))
    }

    @Test func registeringAgainChangesNothing() throws {
        let organisation = try organisation()
        let device = try DeviceID(trimming: "worker")
        #expect(try organisation.register(device).0 == .created)
        #expect(try organisation.register(device).0 == .exists)
        #expect(organisation.usage.devicesUsed == 1)
    }

    @Test func registeringDoesNotRestoreARevokedDevice() throws {
        let organisation = try organisation()
        let device = try DeviceID(trimming: "worker")
        _ = try organisation.register(device)
        _ = try organisation.setRevoked(device, true)
        #expect(try organisation.register(device).0 == .exists)
        #expect(organisation.validate(device).0 == .deviceRevoked)
    }

    @Test(arguments: zip(PlanTier.allCases, [3, 25, 250, 1000]))
    func aPlanHoldsAsManyDevicesAsItsLimit(tier: PlanTier, limit: Int) throws {
        let organisation = try organisation(tier)
        for number in 1...limit {
            let (registration, usage) = try organisation.register(try DeviceID(trimming: "worker \(number)"))
            #expect(registration == .created)
            #expect(usage.remaining == limit - number)
        }
        let (registration, usage) = try organisation.register(try DeviceID(trimming: "one more"))
        #expect(registration == .limitReached)
        #expect(usage.devicesUsed == limit)
        #expect(!usage.overLimit)
        #expect(try organisation.register(try DeviceID(trimming: "worker 1")).0 == .exists)
    }

    @Test func aRevokedDeviceCountsAgainstTheLimitAndARemovedOneDoesNot() throws {
        let organisation = try organisation()
        let devices = try ["a", "b", "c"].map { try DeviceID(trimming: $0) }
        let newcomer = try DeviceID(trimming: "d")
        for device in devices { _ = try organisation.register(device) }
        _ = try organisation.setRevoked(devices[0], true)
        #expect(try organisation.register(newcomer).0 == .limitReached)
        _ = try organisation.remove(devices[0])
        #expect(try organisation.register(newcomer).0 == .created)
    }

    @Test func aReasonAboutTheOrganisationComesBeforeOneAboutTheDevice() throws {
        let organisation = try organisation()
        let device = try DeviceID(trimming: "worker")
        #expect(organisation.validate(device).0 == .deviceNotRegistered)
        _ = try organisation.register(device)
        #expect(organisation.validate(device).0 == .allow)
        _ = try organisation.setRevoked(device, true)
        #expect(organisation.validate(device).0 == .deviceRevoked)
        _ = try organisation.changePlan(PlanChange(executionEnabled: false))
        #expect(organisation.validate(device).0 == .executionDisabled)
        _ = try organisation.changePlan(PlanChange(state: .frozen))
        #expect(organisation.validate(device).0 == .planFrozen)
        _ = try organisation.changePlan(PlanChange(state: .notActive))
        #expect(organisation.validate(device).0 == .planNotActive)
        _ = try organisation.changePlan(PlanChange(state: .active, executionEnabled: true))
        _ = try organisation.setRevoked(device, false)
        #expect(organisation.validate(device).0 == .allow)
    }

    @Test func anUnknownDeviceIsNeitherRevokedNorRemoved() throws {
        let organisation = try organisation()
        let device = try DeviceID(trimming: "worker")
        #expect(try organisation.setRevoked(device, true) == nil)
        #expect(try organisation.setRevoked(device, false) == nil)
        #expect(try organisation.remove(device) == nil)
        #expect(organisation.devices.isEmpty)
    }

    @Test func devicesAreListedInTheOrderOfTheirRegistration() throws {
        let organisation = try organisation(.pro)
        let names = ["zeta", "alpha", "mu", "beta"]
        for name in names { _ = try organisation.register(try DeviceID(trimming: name)) }
        _ = try organisation.setRevoked(try DeviceID(trimming: "alpha"), true)
        #expect(organisation.devices.map(\.id.text) == names)
        #expect(organisation.devices.map(\.revoked) == [false, true, false, false])
        _ = try organisation.remove(try DeviceID(trimming: "zeta"))
        _ = try organisation.register(try DeviceID(trimming: "zeta"))
        #expect(organisation.devices.map(\.id.text) == ["alpha", "mu", "beta", "zeta"])
    }

    @Test func aSmallerPlanKeepsTheDevicesAndReportsThatTheyAreTooMany() throws {
        let organisation = try organisation(.pro)
        for number in 1...5 { _ = try organisation.register(try DeviceID(trimming: "worker \(number)")) }
        let usage = try organisation.changePlan(PlanChange(tier: .free))
        #expect(usage == Usage(plan: Plan(tier: .free), devicesUsed: 5))
        #expect(usage.overLimit)
        #expect(usage.remaining == 0)
        #expect(try organisation.register(try DeviceID(trimming: "worker 6")).0 == .limitReached)
        #expect(organisation.validate(try DeviceID(trimming: "worker 5")).0 == .allow)
    }

    @Test func resettingForgetsTheDevicesAndTheChangesToThePlan() throws {
        let organisation = try organisation(.pro)
        _ = try organisation.register(try DeviceID(trimming: "worker"))
        _ = try organisation.changePlan(PlanChange(tier: .max, state: .frozen, executionEnabled: false))
        #expect(try organisation.reset() == Usage(plan: Plan(tier: .pro), devicesUsed: 0))
        #expect(organisation.devices.isEmpty)
    }

    @Test func manyThreadsNeverRegisterMoreThanThePlanHolds() throws {
        let organisation = try organisation(.scale)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for number in 0..<100 {
                guard let device = try? DeviceID(trimming: "\(thread):\(number)") else { continue }
                _ = try? organisation.register(device)
            }
        }
        #expect(organisation.usage.devicesUsed == 250)
        #expect(Set(organisation.devices.map(\.id)).count == 250)
    }
}

@Suite struct AuthorityTests {
    @Test func organisationsShareNothing() throws {
        let keys = ["org_a", "org_b"].compactMap { OrgKey($0) }
        let authority = try Authority(keys: keys, plan: Plan())
        let device = try DeviceID(trimming: "worker")
        _ = try authority.organisation("org_a").register(device)
        _ = try authority.organisation("org_b").changePlan(PlanChange(state: .frozen))
        #expect(try authority.organisation("org_a").validate(device).0 == .allow)
        #expect(try authority.organisation("org_b").devices.isEmpty)
    }

    @Test(arguments: [nil, "", "org_b", "ORG_A", "org_a org_a", "org_a\0"] as [String?])
    func anyOtherKeyIsRefused(key: String?) throws {
        let authority = try Authority(keys: ["org_a"].compactMap { OrgKey($0) }, plan: Plan())
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
