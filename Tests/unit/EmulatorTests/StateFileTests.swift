import Foundation
import Testing

@testable import machineid_emulator

@Suite struct StateFileTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private var path: String { folder.appendingPathComponent("state").path }

    private func organisation(_ key: String = "org_a", _ file: StateFile? = nil) throws -> Organisation {
        let key = try #require(OrgKey(key))
        return try Organisation(plan: Plan(tier: .pro), store: (file ?? StateFile(path)).organisation(key))
    }

    @Test func whatWasChangedIsThereAgain() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let devices = try ["é", "e\u{301}", "c", "a\"b"].map { try DeviceID(trimming: $0) }
        try withExtendedLifetime(organisation()) { organisation in
            for device in devices { _ = try organisation.register(device) }
            _ = try organisation.setRevoked(devices[0], true)
            _ = try organisation.setRevoked(devices[1], true)
            _ = try organisation.setRevoked(devices[1], false)
            _ = try organisation.remove(devices[2])
            _ = try organisation.changePlan(PlanChange(state: .frozen))
        }
        let again = try organisation()
        #expect(again.devices.map(\.id) == [devices[0], devices[1], devices[3]])
        #expect(again.devices.map(\.revoked) == [true, false, false])
        #expect(again.usage.plan == Plan(tier: .pro, state: .frozen))
        _ = try again.register(devices[2])
        #expect(again.devices.last?.id == devices[2])
    }

    @Test func aResetIsForgottenToo() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try withExtendedLifetime(organisation()) { organisation in
            _ = try organisation.register(DeviceID(trimming: "a"))
            _ = try organisation.changePlan(PlanChange(tier: .max))
            _ = try organisation.reset()
        }
        #expect(try organisation().usage == Usage(plan: Plan(tier: .pro), devicesUsed: 0))
    }

    @Test func organisationsShareAFileAndNothingElse() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            let file = try StateFile(path)
            _ = try organisation("org_a", file).register(DeviceID(trimming: "of a"))
            _ = try organisation("org_b", file).register(DeviceID(trimming: "of b"))
        }
        let file = try StateFile(path)
        #expect(try organisation("org_b", file).devices.map(\.id.text) == ["of b"])
        #expect(try organisation("org_c", file).devices.isEmpty)
        #expect(try organisation("org_a", file).devices.map(\.id.text) == ["of a"])
    }

    @Test func theStepsOfAScenarioAreKept() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = """
            {"steps":[{"device":"a","register":true},{"device_prefix":"","revoke":true},
                {"plan":{"planTier":"max"}}]}
            """
        try withExtendedLifetime(organisation()) { organisation in
            organisation.setScenario(try ScenarioReader.read(JSONObject(parsing: Array(text.utf8))))
            #expect(try organisation.catchUp().count == 3)
        }
        #expect(try organisation().devices.map(\.revoked) == [true])
        #expect(try organisation().usage.plan.tier == .max)
    }

    @Test func aFileThatCannotBeWrittenChangesNothing() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = try StateFile(path)
        let organisation = try organisation("org_a", file)
        let (device, other) = (try DeviceID(trimming: "a"), try DeviceID(trimming: "b"))
        _ = try organisation.register(device)
        try file.use { (database) throws(DatabaseError) in try database.run("PRAGMA query_only = ON") }
        let changes: [() throws -> Void] = [
            { _ = try organisation.register(other) }, { _ = try organisation.setRevoked(device, true) },
            { _ = try organisation.remove(device) }, { _ = try organisation.changePlan(PlanChange(tier: .free)) },
            { _ = try organisation.reset() },
        ]
        for change in changes {
            let refusal = #expect(throws: Refusal.self) { try change() }
            #expect(refusal?.status == 500)
            #expect(refusal?.code == "state_not_saved")
        }
        #expect(organisation.devices.map(\.id) == [device])
        #expect(organisation.validate(device).0 == .allow)
        #expect(organisation.usage.plan.tier == .pro)
    }

    @Test func aFileOfAnotherKindIsRefusedAndLeftAlone() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("not a database, and longer than its header has to be ......................".utf8)
            .write(to: URL(fileURLWithPath: path))
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let failure = #expect(throws: Failure.self) { try StateFile(path) }
        #expect(
            failure?.message == "\(path): is not a state file of machineid-emulator; give --state another file")
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        let other = folder.appendingPathComponent("other").path
        do { try Database(other).run("CREATE TABLE somebody_elses (id)") }
        #expect(throws: Failure.self) { try StateFile(other) }
    }

    @Test func aFileOfALaterFormatIsRefused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        do { _ = try StateFile(path) }
        do { try Database(path).run("PRAGMA user_version = 2") }
        let failure = #expect(throws: Failure.self) { try StateFile(path) }
        #expect(failure?.message.contains("is from a later machineid-emulator") == true)
    }
}

@Suite struct SHA256Tests {
    // The examples of FIPS 180-4, and lengths at which the padding takes a block of its own; sha256sum gives the same.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000),
            "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"
        ),
        (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
    ])
    func aDigestIsRight(text: String, digest: String) { #expect(SHA256.hexadecimal(text) == digest) }
}
