import Testing

@testable import machineid_emulator

/// The seven operations. Replies are compared byte for byte, because they are the wire contract.
@Suite struct EndpointsTests {
    private let authority = TestAuthority()

    @Test func registering() {
        let first = authority.device("register")
        #expect(first.status == 200)
        #expect(first.code == "ok")
        #expect(first.device == "w")
        let plan = TestAuthority.plan(used: 1)
        #expect(first.text == #"{"status":"ok","handler":"devices/register","deviceId":"w",\#(plan)}"#)
        let again = authority.device("register")
        #expect(again.status == 200)
        #expect(again.code == "exists")
        #expect(again.text == #"{"status":"exists","handler":"devices/register","deviceId":"w",\#(plan)}"#)
    }

    @Test func registeringOverTheLimitOfThePlan() {
        for device in ["a", "b", "c"] { #expect(authority.device("register", device).status == 200) }
        let blocked = authority.device("register", "d")
        #expect(blocked.status == 403)
        #expect(blocked.code == "device_limit_reached")
        #expect(
            blocked.text == #"{"status":"blocked","error":"device_limit_reached","#
                + #""message":"the plan free allows 3 devices; remove one, or take a larger plan","#
                + #""request_id":"\#(authority.id.text)","handler":"devices/register","#
                + #""deviceId":"d",\#(TestAuthority.plan(used: 3))}"#)
        #expect(authority.device("validate", "d").code == "DEVICE_NOT_REGISTERED")
    }

    @Test func validating() {
        let ending = #""handler":"devices/validate","deviceId":"w",\#(TestAuthority.plan(used: 1))}"#
        _ = authority.device("register")
        let allowed = authority.device("validate")
        #expect(allowed.status == 200)
        #expect(allowed.code == "ALLOW")
        #expect(
            allowed.text == #"{"allowed":true,"code":"ALLOW","request_id":"\#(authority.id.text)","status":"ok","#
                + #""reason":"allow",\#(ending)"#)
        _ = authority.device("revoke")
        let denied = authority.device("validate")
        #expect(denied.status == 200)
        #expect(denied.code == "DEVICE_REVOKED")
        #expect(
            denied.text == #"{"allowed":false,"code":"DEVICE_REVOKED","request_id":"\#(authority.id.text)","#
                + #""status":"denied","reason":"device_revoked",\#(ending)"#)
    }

    @Test func validatingADeviceThatIsNotRegistered() {
        let denied = authority.device("validate")
        #expect(denied.status == 200)
        #expect(denied.text.hasPrefix(#"{"allowed":false,"code":"DEVICE_NOT_REGISTERED","request_id":"#))
    }

    @Test func revokingUnrevokingAndRemoving() {
        let plan = TestAuthority.plan(used: 1)
        _ = authority.device("register")
        #expect(
            authority.device("revoke").text
                == #"{"status":"ok","handler":"devices/revoke","deviceId":"w","revoked":true,\#(plan)}"#)
        #expect(authority.device("validate").code == "DEVICE_REVOKED")
        #expect(
            authority.device("unrevoke").text
                == #"{"status":"ok","handler":"devices/unrevoke","deviceId":"w","revoked":false,\#(plan)}"#)
        #expect(authority.device("validate").code == "ALLOW")
        #expect(
            authority.device("remove").text
                == #"{"status":"ok","handler":"devices/remove","deviceId":"w","removed":true,"#
                + "\(TestAuthority.plan(used: 0))}")
        #expect(authority.device("validate").code == "DEVICE_NOT_REGISTERED")
    }

    @Test(arguments: ["revoke", "unrevoke", "remove"])
    func anUnknownDeviceIsNotFound(operation: String) {
        let answer = authority.device(operation)
        #expect(answer.status == 404)
        #expect(
            answer.text == #"{"status":"error","error":"device_not_found","#
                + #""message":"the organisation has no such device; register it first","#
                + #""request_id":"\#(authority.id.text)"}"#)
        #expect(answer.device == "w")
    }

    @Test func listing() {
        let none = authority.ask("GET", "/api/v1/devices/list")
        #expect(none.text == #"{"status":"ok","handler":"devices/list","devices":[]}"#)
        for device in ["b", "a"] { _ = authority.device("register", device) }
        _ = authority.device("revoke", "a")
        let two = authority.ask("GET", "/api/v1/devices/list")
        #expect(two.status == 200)
        #expect(
            two.text == #"{"status":"ok","handler":"devices/list","devices":"#
                + #"[{"deviceId":"b","revoked":false},{"deviceId":"a","revoked":true}]}"#)
    }

    @Test func usage() {
        _ = authority.device("register")
        let answer = authority.ask("GET", "/api/v1/usage")
        #expect(answer.status == 200)
        #expect(answer.text == #"{"status":"ok","handler":"usage",\#(TestAuthority.plan(used: 1))}"#)
    }

    @Test func aDeviceIsTrimmedAndOtherKeysOfTheBodyAreIgnored() {
        #expect(authority.device("register", #" \u00a0w\n"#).text.contains(#""deviceId":"w""#))
        let answer = authority.ask("POST", "/api/v1/devices/validate", #"{"more":[1.5,{}],"deviceId":"w"}"#)
        #expect(answer.code == "ALLOW")
    }

    @Test(arguments: [#"a\"b\\c"#, #"\u0007"#, "日本", "\u{1F600}", "a/b"])
    func aDeviceIsReturnedAsItWasSent(device: String) {
        #expect(authority.device("register", device).text.contains(#""deviceId":"\#(device)","#))
    }
}
