import Testing

/// The endpoints for what an operator does in the dashboard.
@Suite struct OperatorEndpointsTests {
    private let authority = TestAuthority()

    @Test(arguments: [
        (#"{"planState":"frozen"}"#, "PLAN_FROZEN"), (#"{"planState":"not_active"}"#, "PLAN_NOT_ACTIVE"),
        (#"{"executionEnabled":false}"#, "EXECUTION_DISABLED"), (#"{"planTier":"max"}"#, "ALLOW"), ("{}", "ALLOW"),
    ])
    func aChangedPlanChangesTheAnswerToValidate(settings: String, code: String) {
        _ = authority.device("register")
        #expect(authority.ask("POST", "/emulator/plan", settings).status == 200)
        #expect(authority.device("validate").code == code)
    }

    @Test func theReplyShowsTheNewPlan() {
        let settings = #"{"planTier":"pro","planState":"frozen","executionEnabled":false}"#
        #expect(
            authority.ask("POST", "/emulator/plan", settings).text
                == #"{"status":"ok","handler":"emulator/plan","planTier":"pro","planState":"frozen","#
                + #""accessUntil":null,"limit":25,"devicesUsed":0,"remaining":25,"overLimit":false,"#
                + #""softGraceWindow":false,"executionEnabled":false}"#)
    }

    @Test func aResetNeedsNoBodyAndRestoresTheInitialState() {
        _ = authority.device("register")
        _ = authority.ask("POST", "/emulator/plan", #"{"planTier":"max","planState":"frozen"}"#)
        let plan = TestAuthority.plan(used: 0)
        #expect(
            authority.ask("POST", "/emulator/reset", type: nil).text
                == #"{"status":"ok","handler":"emulator/reset",\#(plan),"executionEnabled":true}"#)
        #expect(authority.device("validate").code == "DEVICE_NOT_REGISTERED")
    }

    @Test(arguments: [408, 429, 500, 503, 599])
    func anOutageLastsUntilItIsEndedAndChangesNoState(httpStatus: Int) {
        _ = authority.device("register")
        #expect(
            authority.ask("POST", "/emulator/outage", #"{"httpStatus":\#(httpStatus)}"#).text
                == #"{"status":"ok","handler":"emulator/outage","httpStatus":\#(httpStatus),"#
                + #""retryAfter":null,"requests":null}"#)
        for operation in ["validate", "register", "revoke", "unrevoke", "remove"] {
            let answer = authority.device(operation)
            #expect(answer.status == UInt32(httpStatus))
            #expect(answer.retryAfter == nil)
            #expect(answer.text.hasPrefix(#"{"status":"error","error":"unavailable","message":""#))
        }
        for path in ["/api/v1/devices/list", "/api/v1/usage"] {
            #expect(authority.ask("GET", path).status == UInt32(httpStatus))
        }
        // The operator's requests are served, and a wrong key or method is refused as without an outage.
        #expect(authority.ask("POST", "/emulator/plan", "{}").status == 200)
        #expect(authority.ask("GET", "/api/v1/usage", key: "org_b").status == 401)
        #expect(authority.ask("GET", "/api/v1/devices/validate").status == 405)
        #expect(
            authority.ask("POST", "/emulator/outage", "{}").text
                == #"{"status":"ok","handler":"emulator/outage","httpStatus":null,"retryAfter":null,"requests":null}"#)
        #expect(authority.device("validate").code == "ALLOW")
    }

    @Test func anOutageMayBeLimitedToANumberOfRequests() {
        _ = authority.device("register")
        #expect(
            authority.ask("POST", "/emulator/outage", #"{"httpStatus":429,"retryAfter":7,"requests":2}"#).text
                == #"{"status":"ok","handler":"emulator/outage","httpStatus":429,"retryAfter":7,"requests":2}"#)
        for _ in 0..<2 {
            let answer = authority.device("validate")
            #expect(answer.status == 429)
            #expect(answer.retryAfter == 7)
        }
        #expect(authority.device("validate").code == "ALLOW")
    }

    @Test func aResetEndsAnOutage() {
        _ = authority.ask("POST", "/emulator/outage", #"{"httpStatus":503}"#)
        _ = authority.ask("POST", "/emulator/reset", type: nil)
        #expect(authority.device("validate").code == "DEVICE_NOT_REGISTERED")
    }

    @Test(arguments: [
        (#"{"httpStatus":200}"#, "httpStatus must be 408, 429 or from 500 to 599"),
        (#"{"httpStatus":600}"#, "httpStatus must be 408, 429 or from 500 to 599"),
        (#"{"httpStatus":"503"}"#, "httpStatus must be 408, 429 or from 500 to 599"),
        (#"{"requests":1}"#, "httpStatus must be 408, 429 or from 500 to 599"),
        (#"{"httpStatus":503,"requests":0}"#, "requests must be a whole number from 1 on"),
        (#"{"httpStatus":503,"requests":1.5}"#, "requests must be a whole number from 1 on"),
        (#"{"httpStatus":503,"retryAfter":-1}"#, "retryAfter must be a whole number from 0 on"),
        (#"{"httpStatus":503,"seconds":1}"#, "there is no setting seconds; there are httpStatus, retryAfter, requests"),
    ])
    func aBadOutageSettingIsNamedAndStartsNoOutage(settings: String, message: String) {
        let answer = authority.ask("POST", "/emulator/outage", settings)
        #expect(answer.status == 400)
        #expect(answer.code == "invalid_setting")
        #expect(answer.text.contains(#""message":"\#(message)""#))
        #expect(authority.ask("GET", "/api/v1/usage").status == 200)
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
    func aBadSettingIsNamedAndChangesNothing(settings: String, message: String) {
        let answer = authority.ask("POST", "/emulator/plan", settings)
        #expect(answer.status == 400)
        #expect(answer.code == "invalid_setting")
        #expect(answer.text.contains(#""message":"\#(message)""#))
        #expect(authority.ask("GET", "/api/v1/usage").text.contains(TestAuthority.plan(used: 0)))
    }
}
