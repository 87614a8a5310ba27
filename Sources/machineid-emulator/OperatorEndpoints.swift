/// Lets tests do over HTTP what an operator does in the vendor's dashboard, cause what can happen to a service, and see
/// what it was asked. The service has no such paths; they begin with /emulator, so that they are not mistaken for its
/// own.
enum OperatorEndpoints {
    static let scenarioPath = "/emulator/scenario"

    static let routes: [Route] = [
        Route(.post, "/emulator/plan", .settings(changePlan)),
        Route(.post, "/emulator/outage", .settings(changeOutage)),
        Route(.post, scenarioPath, .settings(beginScenario)),
        Route(.delete, scenarioPath, .organisation(endScenario)),
        Route(.get, "/emulator/requests", .organisation(listRequests)),
        Route(.delete, "/emulator/requests", .organisation(forgetRequests)),
        Route(.post, "/emulator/reset", .organisation(reset)),
    ]

    /// Sets those of `planTier`, `planState` and `executionEnabled` that the body names; on an error it sets none of
    /// them.
    private static func changePlan(_ settings: JSONObject, of organisation: Organisation) throws(Refusal) -> Reply {
        reply(try organisation.changePlan(try PlanChange(settings)), handler: "emulator/plan")
    }

    /// Begins an outage with the `httpStatus` in the body, or ends it when the body is an empty object.
    private static func changeOutage(_ settings: JSONObject, of organisation: Organisation) throws(Refusal) -> Reply {
        try Settings.expect(["httpStatus", "retryAfter", "requests"], in: settings)
        var outage: Outage?
        if !settings.keys.isEmpty {
            outage = settings.integer("httpStatus").flatMap { Outage(httpStatus: $0) }
            if outage == nil { throw .badRequest("invalid_setting", "httpStatus must be 408, 429 or from 500 to 599") }
            outage?.retryAfter = try Settings.number("retryAfter", from: 0, in: settings)
            outage?.requestsLeft = try Settings.number("requests", from: 1, in: settings)
        }
        organisation.setOutage(outage)
        return Reply { body in
            body.set("status", "ok")
            body.set("handler", "emulator/outage")
            body.set("httpStatus", outage?.httpStatus)
            body.set("retryAfter", outage?.retryAfter)
            body.set("requests", outage?.requestsLeft)
        }
    }

    /// Begins the scenario in the body, which is what a file for --scenario has.
    private static func beginScenario(_ object: JSONObject, of organisation: Organisation) throws(Refusal) -> Reply {
        let scenario: Scenario
        do throws(ScenarioError) {
            scenario = try ScenarioReader.read(object)
        } catch {
            throw .badRequest("invalid_scenario", error.message)
        }
        organisation.setScenario(scenario)
        return reply(scenario.steps.count)
    }

    private static func endScenario(_ organisation: Organisation) -> Reply {
        organisation.setScenario(nil)
        return reply(0)
    }

    private static func reply(_ stepCount: Int) -> Reply {
        Reply { body in
            body.set("status", "ok")
            body.set("handler", "emulator/scenario")
            body.set("steps", stepCount)
        }
    }

    /// The latest requests to the operations of the service.
    private static func listRequests(_ organisation: Organisation) -> Reply {
        let recent = organisation.recentRequests
        return Reply { body in
            body.set("status", "ok")
            body.set("handler", "emulator/requests")
            body.set("capacity", RecentRequests.capacity)
            body.set("dropped", recent.droppedCount)
            body.set(
                "requests",
                recent.inOrder.map { request in
                    let entry = JSONObject()
                    entry.set("time", timestamp(request.time))
                    entry.set("operation", request.operation.rawValue)
                    entry.set("deviceId", request.device)
                    entry.set("httpStatus", request.httpStatus.map(Int.init))
                    entry.set("decision", request.decision)
                    entry.set("code", request.code)
                    entry.set("request_id", request.id.text)
                    return entry
                })
        }
    }

    private static func forgetRequests(_ organisation: Organisation) -> Reply {
        organisation.forgetRequests()
        return Reply { body in
            body.set("status", "ok")
            body.set("handler", "emulator/requests")
        }
    }

    private static func reset(_ organisation: Organisation) throws(Refusal) -> Reply {
        reply(try organisation.reset(), handler: "emulator/reset")
    }

    private static func reply(_ usage: Usage, handler: String) -> Reply {
        Reply { body in
            body.set("status", "ok")
            body.set("handler", handler)
            body.set(usage)
            body.set("executionEnabled", usage.plan.executionEnabled)
        }
    }
}
