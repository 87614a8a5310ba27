import Testing

@testable import machineid_emulator

/// A scenario on a clock that the tests set.
@Suite struct ScenarioRunTests {
    private let time = Monitor(1000)

    private func organisation(_ scenario: String, store: OrganisationStore? = nil) throws -> Organisation {
        try Organisation(
            plan: Plan(), scenario: ScenarioReader.read(JSONObject(parsing: Array(scenario.utf8))), store: store,
            clock: { [time] in time.withLock { $0 } })
    }

    private func at(_ milliseconds: Int) { time.withLock { $0 = 1000 + milliseconds } }

    private func device(_ text: String) throws -> DeviceID { try DeviceID(trimming: text) }

    @Test func changesTakePlaceAtTheirTimesAndOnce() throws {
        let organisation = try organisation(
            """
            {"steps":[{"device":"a","register":true},{"device":"ab","register":true},{"device":"b","register":true},
                {"at_ms":10,"device_prefix":"a","revoke":true},{"after_ms":10,"device":"a","unrevoke":true},
                {"after_ms":10,"device":"b","remove":true},{"after_ms":10,"plan":{"planState":"frozen"}}]}
            """)
        func decisions() throws -> [Decision] { try ["a", "ab", "b"].map { organisation.validate(try device($0)).0 } }
        #expect(try organisation.catchUp().map(\.deviceCount) == [1, 1, 1])
        #expect(try decisions() == [.allow, .allow, .allow])
        at(9)
        #expect(try organisation.catchUp().isEmpty)
        at(10)
        #expect(try organisation.catchUp().map(\.action) == ["revoke"])
        #expect(try decisions() == [.deviceRevoked, .deviceRevoked, .allow])
        #expect(try organisation.catchUp().isEmpty)
        _ = try organisation.setRevoked(device("ab"), false)
        at(35)
        #expect(try organisation.catchUp().map(\.number) == [5, 6])
        #expect(try decisions() == [.allow, .allow, .deviceNotRegistered])
        at(100_000)
        #expect(try organisation.catchUp().map(\.number) == [7])
        #expect(try decisions() == [.planFrozen, .planFrozen, .planFrozen])
    }

    @Test func aChangeOfWhatIsNotThereDoesNothing() throws {
        let organisation = try organisation(
            #"{"steps":[{"device":"a","revoke":true},{"device":"a","register":true},{"device":"a","register":true}]}"#)
        #expect(try organisation.catchUp().map(\.deviceCount) == [0, 1, 0])
    }

    @Test func aFaultHasAnOperationADeviceATimeAndANumberOfRequests() throws {
        let organisation = try organisation(
            """
            {"steps":[{"at_ms":10,"for_ms":10,"operation":"validate","device_prefix":"a","http_status":503,
                "requests":2}]}
            """)
        let fault = Fault(step: 1, delay: 0, ending: .refuse(httpStatus: 503, retryAfter: nil))
        let (a, b) = (try device("ab"), try device("b"))
        #expect(organisation.takeFault(for: .validate, a) == nil)
        at(10)
        #expect(organisation.takeFault(for: .register, a) == nil)
        #expect(organisation.takeFault(for: .validate, b) == nil)
        #expect(organisation.takeFault(for: .validate, nil) == nil)
        #expect(organisation.takeFault(for: .validate, a) == fault)
        at(19)
        #expect(organisation.takeFault(for: .validate, a) == fault)
        #expect(organisation.takeFault(for: .validate, a) == nil)
        organisation.setScenario(nil)
        #expect(!organisation.hasScenario)
    }

    @Test func aFaultEndsWithItsTime() throws {
        let organisation = try organisation(#"{"steps":[{"for_ms":10,"close":true}]}"#)
        at(9)
        #expect(organisation.takeFault(for: .usage, nil)?.ending == .close)
        at(10)
        #expect(organisation.takeFault(for: .usage, nil) == nil)
    }

    @Test func theLastOfSeveralFaultsApplies() throws {
        let organisation = try organisation(
            #"{"steps":[{"delay_ms":5},{"at_ms":10,"for_ms":10,"close":true},{"device":"a","hang":true}]}"#)
        let expected: [(Int, Fault.Ending)] = [(0, .answer), (10, .close), (20, .answer)]
        for (milliseconds, ending) in expected {
            at(milliseconds)
            #expect(organisation.takeFault(for: .validate, try device("b"))?.ending == ending)
        }
        #expect(organisation.takeFault(for: .validate, try device("a"))?.ending == .hang)
    }

    @Test func aResetBeginsTheFirstScenarioAnew() throws {
        let organisation = try organisation(#"{"steps":[{"at_ms":10,"device":"a","register":true}]}"#)
        at(10)
        #expect(try organisation.catchUp().count == 1)
        organisation.setScenario(Scenario(steps: []))
        at(15)
        _ = try organisation.reset()
        #expect(organisation.devices.isEmpty)
        at(24)
        #expect(try organisation.catchUp().isEmpty)
        at(25)
        #expect(try organisation.catchUp().count == 1)
    }
}
