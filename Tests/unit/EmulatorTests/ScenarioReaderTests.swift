import Testing

@testable import machineid_emulator

@Suite struct ScenarioReaderTests {
    private func read(_ text: String) throws -> Scenario {
        try ScenarioReader.read(JSONObject(parsing: Array(text.utf8)))
    }

    @Test func everyMemberIsRead() throws {
        let scenario = try read(
            """
            {"steps": [
                {"device": " a ", "register": true},
                {"at_ms": 5, "device_prefix": "", "revoke": true},
                {"after_ms": 10, "device": "a", "unrevoke": true},
                {"device": "a", "remove": true},
                {"at_ms": 20, "plan": {"planTier": "pro", "planState": "frozen", "executionEnabled": false}},
                {"for_ms": 7, "requests": 3, "operation": "validate", "device_prefix": "b", "http_status": 429,
                    "retry_after": 2, "delay_ms": 1},
                {"delay_ms": 9}, {"close": true, "delay_ms": 4}, {"hang": true}
            ]}
            """)
        let a = DeviceSelection.exactly(try DeviceID(trimming: "a"))
        func fault(
            _ ending: Fault.Ending, operation: Operation? = nil, duration: Int? = nil, requests: Int? = nil,
            delay: Int = 0
        ) -> Scenario.Action {
            .fault(
                .init(operation: operation, duration: duration, requests: requests, delay: delay, ending: ending))
        }
        let plan = PlanChange(tier: .pro, state: .frozen, executionEnabled: false)
        let expected: [Scenario.Step] = [
            .init(time: 0, devices: a, action: .change(.register)),
            .init(time: 5, devices: .prefix(""), action: .change(.revoke)),
            .init(time: 15, devices: a, action: .change(.unrevoke)),
            .init(time: 15, devices: a, action: .change(.remove)),
            .init(time: 20, devices: .all, action: .change(.plan(plan))),
            .init(
                time: 20, devices: .prefix("b"),
                action: fault(
                    .refuse(httpStatus: 429, retryAfter: 2), operation: .validate, duration: 7, requests: 3, delay: 1)),
            .init(time: 20, devices: .all, action: fault(.answer, delay: 9)),
            .init(time: 20, devices: .all, action: fault(.close, delay: 4)),
            .init(time: 20, devices: .all, action: fault(.hang)),
        ]
        #expect(scenario.steps == expected)
        #expect(try read(#"{"steps":[]}"#).steps.isEmpty)
    }

    @Test(arguments: [
        ("{}", #"steps is missing or is not an array; write {"steps":[...]}"#),
        (#"{"steps":{}}"#, #"steps is missing or is not an array; write {"steps":[...]}"#),
        (#"{"steps":[],"version":1}"#, "there is no member version; a scenario has only steps"),
        (#"{"steps":[{"hang":true},7]}"#, "step 2: is not an object; write it in braces"),
        (
            #"{"steps":[{"a\nb":1}]}"#,
            #"step 1: there is no member "a\nb"; there are at_ms, after_ms, device, device_prefix, register, revoke, "#
                + "unrevoke, remove, plan, operation, for_ms, requests, retry_after, delay_ms, http_status, close, hang"
        ),
        (
            #"{"steps":[{"at_ms":5}]}"#,
            "step 1: has no effect; "
                + "add one of http_status, close, hang, delay_ms, register, revoke, unrevoke, remove, plan"
        ),
        (
            #"{"steps":[{"at_ms":5,"hang":true},{"at_ms":4,"hang":true}]}"#,
            "step 2: at_ms 4 is before the step above, at 5; put the steps in order"
        ),
        (#"{"steps":[{"at_ms":1,"after_ms":1}]}"#, "step 1: at_ms and after_ms exclude each other; take one"),
        (#"{"steps":[{"at_ms":-1}]}"#, "step 1: at_ms must be a whole number from 0 to 86400000"),
        (#"{"steps":[{"after_ms":"1"}]}"#, "step 1: after_ms must be a whole number from 0 to 86400000"),
        (
            #"{"steps":[{"at_ms":86400000,"hang":true},{"after_ms":1,"hang":true}]}"#,
            "step 2: after_ms leads beyond 86400000 ms; begin earlier"
        ),
        (#"{"steps":[{"for_ms":0,"hang":true}]}"#, "step 1: for_ms must be a whole number from 1 to 86400000"),
        (#"{"steps":[{"requests":0,"hang":true}]}"#, "step 1: requests must be a whole number from 1 to 1000000000"),
        (#"{"steps":[{"delay_ms":1.5}]}"#, "step 1: delay_ms must be a whole number from 1 to 86400000"),
        (#"{"steps":[{"http_status":200}]}"#, "step 1: http_status must be a whole number from 400 to 599"),
        (
            #"{"steps":[{"http_status":503,"retry_after":-1}]}"#,
            "step 1: retry_after must be a whole number from 0 to 86400"
        ),
        (
            #"{"steps":[{"delay_ms":1,"retry_after":1}]}"#,
            "step 1: retry_after goes with http_status; add it, or leave retry_after out"
        ),
        (#"{"steps":[{"close":true,"hang":true}]}"#, "step 1: close and hang exclude each other; take one"),
        (#"{"steps":[{"close":false}]}"#, "step 1: close must be true; without it, leave it out"),
        (#"{"steps":[{"hang":1}]}"#, "step 1: hang must be true; without it, leave it out"),
        (#"{"steps":[{"hang":true,"delay_ms":1}]}"#, "step 1: delay_ms does not go with hang; leave one out"),
        (
            #"{"steps":[{"hang":true,"operation":"validte"}]}"#,
            "step 1: operation must be one of validate, register, list, revoke, unrevoke, remove, usage"
        ),
        (
            #"{"steps":[{"hang":true,"operation":"list","device":"a"}]}"#,
            "step 1: operation list names no device; leave out the device"
        ),
        (#"{"steps":[{"hang":true,"device":" "}]}"#, "step 1: device must be an id of 1 to 512 bytes"),
        (#"{"steps":[{"hang":true,"device":1}]}"#, "step 1: device must be a string"),
        (
            #"{"steps":[{"device":"a","device_prefix":"a"}]}"#,
            "step 1: device and device_prefix exclude each other; take one"
        ),
        (#"{"steps":[{"revoke":true}]}"#, "step 1: revoke needs device or device_prefix"),
        (#"{"steps":[{"revoke":"a"}]}"#, "step 1: revoke must be true; without it, leave it out"),
        (
            #"{"steps":[{"device_prefix":"a","register":true}]}"#,
            "step 1: register needs device, not device_prefix"
        ),
        (
            #"{"steps":[{"device":"a","revoke":true,"remove":true}]}"#,
            "step 1: revoke and remove exclude each other; take one"
        ),
        (
            #"{"steps":[{"device":"a","revoke":true,"for_ms":5}]}"#,
            "step 1: for_ms does not go with revoke; make two steps of it"
        ),
        (#"{"steps":[{"plan":"pro"}]}"#, #"step 1: plan must be an object, such as {"planState":"frozen"}"#),
        (
            #"{"steps":[{"plan":{"planTier":"gold"}}]}"#,
            "step 1: plan: planTier must be one of free, pro, scale, max"
        ),
        (
            #"{"steps":[{"plan":{},"device":"a"}]}"#,
            "step 1: plan is the organisation's; leave out the device"
        ),
    ])
    func aMistakeIsNamedWithItsStep(text: String, message: String) {
        #expect(throws: ScenarioError(message)) { try read(text) }
    }

    @Test func moreStepsThanTheMaximumAreRefused() throws {
        func steps(_ count: Int) -> String {
            #"{"steps":[\#(Array(repeating: #"{"hang":true}"#, count: count).joined(separator: ","))]}"#
        }
        #expect(try read(steps(1000)).steps.count == 1000)
        #expect(throws: ScenarioError("steps has 1001 elements; take at most 1000")) { try read(steps(1001)) }
    }
}
