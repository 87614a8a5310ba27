import Testing

@testable import machineid_emulator

@Suite struct ArgumentsTests {
    @Test func withoutArgumentsItServesTheDemoOrganisation() throws {
        var expected = Arguments()
        expected.keys = [OrgKey("org_demo")].compactMap { $0 }
        #expect(try Arguments.read([]) == .serve(expected))
        #expect(expected.port == 6430)
        #expect(expected.plan == Plan(tier: .max))
        #expect(expected.address == .standard)
    }

    @Test func anOptionAcceptsASeparateOrAnAttachedValue() throws {
        let words = [
            "--host", "::1", "--port=0", "--plan", "max", "--plan-state=not_active", "--execution", "off", "--org-key",
            "org_a",
            "--org-key=org_b=", "--quiet", "--scenario", "outage.json", "--state=a=b",
        ]
        let expected = Arguments(
            address: .v6, port: 0, plan: Plan(tier: .max, state: .notActive, executionEnabled: false),
            keys: ["org_a", "org_b="].compactMap { OrgKey($0) }, isQuiet: true,
            scenario: "outage.json", state: "a=b")
        #expect(try Arguments.read(words) == .serve(expected))
    }

    @Test func helpAndVersionOverrideLaterArguments() throws {
        #expect(try Arguments.read(["--help", "nonsense"]) == .help)
        #expect(try Arguments.read(["--quiet", "--version", "--help"]) == .version)
    }

    @Test(arguments: [
        (["serve"], "unknown argument 'serve'"),
        (["-p", "1"], "unknown argument '-p'"),
        (["--"], "unknown argument '--'"),
        ([""], "unknown argument ''"),
        (["--orgkey=org_secret"], "unknown argument '--orgkey'"),
        (["org_secret"], "an org key is given as --org-key KEY"),
        (["--port"], "--port needs a value"),
        (["--quiet=yes"], "--quiet takes no value"),
        (["--port", "65536"], "--port '65536' is not a number from 0 to 65535"),
        (["--port="], "--port '' is not a number from 0 to 65535"),
        (["--port", "+80"], "--port '+80' is not a number from 0 to 65535"),
        (["--host", "0.0.0.0"], "--host '0.0.0.0' is not a loopback address; use 127.0.0.1 or ::1"),
        (["--plan", "gold"], "--plan 'gold' is not one of free, pro, scale, max"),
        (["--plan-state", "over"], "--plan-state 'over' is not one of active, frozen, not_active"),
        (["--execution", "maybe"], "--execution 'maybe' is not one of on, off"),
        (["--scenario", ""], "--scenario needs the name of a file"),
        (["--state="], "--state needs the name of a file"),
        (["--org-key", "  "], "--org-key takes 1 to 512 bytes of printable ASCII without spaces"),
        (["--org-key", "org a"], "--org-key takes 1 to 512 bytes of printable ASCII without spaces"),
        (["--org-key", "a", "--org-key", " a "], "--org-key is given the same key twice"),
    ])
    func aBadArgumentIsNamed(words: [String], message: String) {
        #expect(throws: Failure.usage(message)) { try Arguments.read(words) }
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("127.1.2.3", "127.1.2.3"), ("::1", "[::1]"),
        ("0:0:0:0:0:0:0:1", "[::1]"),
    ])
    func aLoopbackAddressIsAccepted(text: String, host: String) {
        #expect(LoopbackAddress(text)?.urlHost == host)
    }

    @Test(arguments: [
        "", "0.0.0.0", "128.0.0.1", "126.255.255.255", "::", "::2", "1::1", "::ffff:127.0.0.1", "example.com", "127.1",
    ])
    func anyOtherAddressIsRefused(text: String) {
        #expect(LoopbackAddress(text) == nil)
    }
}
