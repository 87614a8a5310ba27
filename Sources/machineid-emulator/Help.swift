internal import CMachineID

/// The version, which is the same as that of the library from this source tree.
let version = MID_VERSION

/// The text that --help prints.
let help = """
    Usage: machineid-emulator [OPTION]...

    The MachineID authority on loopback, for tests and demonstrations. It keeps its
    devices in memory and forgets them when it ends, unless there is a state file.

    It prints "listening on URL" on standard output once it listens, and a line for
    each request on standard error. It ends on SIGTERM or SIGINT.

      --org-key KEY       accept KEY in the header x-org-key. Each KEY is an
                          organisation of its own; repeat it for several. Make the
                          keys up. Default: \(OrgKey.demo)
      --port N            listen on port N; 0 for a free one. Default: \(Arguments.standardPort)
      --host ADDRESS      listen on ADDRESS, a loopback address. Default: 127.0.0.1
      --plan TIER         start every organisation with the plan free, pro, scale
                          or max: 3, 25, 250 or 1000 devices. Default: max
      --plan-state STATE  active, frozen or not_active. Default: active
      --execution SWITCH  on or off; off denies every device. Default: on
      --scenario FILE     start every organisation with the scenario in FILE: see
                          below
      --state FILE        keep devices and plans in FILE, which is made if it does
                          not exist. What has been answered is in it, even when
                          the emulator is killed. A plan that was changed later
                          overrides --plan, --plan-state and --execution. FILE has
                          digests of org keys, not the keys
      --quiet             do not log requests. Use it when nobody reads standard
                          error, or a full pipe will stop the emulator.
      --help              print this and end
      --version           print the version and end

    Further paths do what an operator does in the dashboard, cause what can happen
    to a service, or tell what it was asked. The service itself does not have them.
    They take the header x-org-key, and apply to the organisation with that key.

      POST /emulator/plan        {"planTier":"pro","planState":"frozen",
                                 "executionEnabled":false}, or some of it
      POST /emulator/outage      {"httpStatus":503,"retryAfter":1,"requests":2}:
                                 the next 2 requests get HTTP 503 with
                                 Retry-After: 1. Without "requests" all get it,
                                 until {} ends the outage. 408, 429 or 5xx;
                                 "retryAfter" may be missing
      POST /emulator/scenario    begin the scenario in the body, in place of
                                 another one
      DELETE /emulator/scenario  end the scenario; what it has done stays done
      GET /emulator/requests     the last \(RecentRequests.capacity) requests to the service's
                                 operations, oldest first: time, operation,
                                 deviceId, httpStatus, decision, code, request_id
      DELETE /emulator/requests  forget them
      POST /emulator/reset       forget devices and requests, end an outage,
                                 restore the initial plan, and begin the scenario
                                 of --scenario anew

    A scenario is {"steps":[...]}, in JSON. A step has a time, may have a selection,
    and has one effect. Members that are not listed here are errors.

      time       "at_ms": from the beginning of the scenario; or "after_ms": from
                 the step above. Without them, at the time of the step above
      selection  "device": an id; or "device_prefix": how ids begin
      fault      one of "http_status": 400 to 599, with or without "retry_after"
                 in seconds; "close": true, a connection reset; "hang": true, no
                 answer. "delay_ms" comes before these, or before the answer.
                 A fault may have "operation": one of validate, register, list,
                 revoke, unrevoke, remove, usage; "for_ms", how long it
                 lasts; and "requests", how many have it. The last
                 that applies counts
      change     one of "register", "revoke", "unrevoke" and "remove": true, of
                 the selection; or "plan": the body of POST /emulator/plan

    Examples:

      machineid-emulator --port 0 --plan pro --org-key org_ci

      {"steps":[{"device":"worker","register":true},
                {"at_ms":5000,"for_ms":3000,"http_status":503},
                {"at_ms":10000,"device":"worker","revoke":true}]}

    Exit status: 0 after a signal, 1 when it cannot listen or cannot use the state
    file, 2 for a bad option or a mistake in a scenario.

    """
