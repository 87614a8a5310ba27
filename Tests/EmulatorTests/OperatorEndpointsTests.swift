import Testing

/// What an operator does in the dashboard.
@Suite struct OperatorEndpointsTests {
    private let authority = TestAuthority()

    @Test(arguments: [
        (#"{"planState":"frozen"}"#, "PLAN_FROZEN"), (#"{"planState":"not_active"}"#, "PLAN_NOT_ACTIVE"),
        (#"{"executionEnabled":false}"#, "EXECUTION_DISABLED"), (#"{"planTier":"max"}"#, "ALLOW"), ("{}", "ALLOW"),
    ])
    func aChangedPlanChangesWhatValidateSays(settings: String, code: String) {
        _ = authority.device("register")
        #expect(authority.ask("POST", "/emulator/plan", settings).status == 200)
        #expect(authority.device("validate").code == code)
    }

    @Test func theReplyShowsThePlanAsItIsNow() {
        let settings = #"{"planTier":"pro","planState":"frozen","executionEnabled":false}"#
        #expect(
            authority.ask("POST", "/emulator/plan", settings).text
                == #"{"status":"ok","handler":"emulator/plan","planTier":"pro","planState":"frozen","#
                + #""accessUntil":null,"limit":25,"devicesUsed":0,"remaining":25,"overLimit":false,"#
                + #""softGraceWindow":false,"executionEnabled":false}"#)
    }

    @Test func aResetNeedsNoBodyAndBringsTheStartBack() {
        _ = authority.device("register")
        _ = authority.ask("POST", "/emulator/plan", #"{"planTier":"max","planState":"frozen"}"#)
        let plan = TestAuthority.plan(used: 0)
        #expect(
            authority.ask("POST", "/emulator/reset", type: nil).text
                == #"{"status":"ok","handler":"emulator/reset",\#(plan),"executionEnabled":true}"#)
        #expect(authority.device("validate").code == "DEVICE_NOT_REGISTERED")
    }

    @Test(arguments: [
        (#"{"planTier":"max","planState":"thawed"}"#, "planState must be one of active, frozen, not_active"),
        (#"{"planState":"frozen","planTier":1}"#, "planTier must be one of free, pro, scale, max"),
        (#"{"planState":"frozen","executionEnabled":"no"}"#, "executionEnabled must be true or false"),
        (
            #"{"planState":"frozen","plan":"pro"}"#,
            "there is no setting plan; there are planTier, planState, executionEnabled"
        ),
    ])
    func aWrongSettingIsNamedAndNothingIsChanged(settings: String, message: String) {
        let answer = authority.ask("POST", "/emulator/plan", settings)
        #expect(answer.status == 400)
        #expect(answer.code == "invalid_setting")
        #expect(answer.text.contains(#""message":"\#(message)""#))
        #expect(authority.ask("GET", "/api/v1/usage").text.contains(TestAuthority.plan(used: 0)))
    }
}
