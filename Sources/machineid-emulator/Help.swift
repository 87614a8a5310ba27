internal import CMachineID

/// The version, which is the same as that of the library from this source tree.
let version = MID_VERSION

/// The text that --help prints.
let help = """
    Usage: machineid-emulator [OPTION]...

    The MachineID authority on loopback, for tests and demonstrations. It keeps its
    devices in memory and forgets them when it ends.

    It prints "listening on URL" on standard output once it listens, and a line for
    each request on standard error. It ends on SIGTERM or SIGINT.

      --org-key KEY       accept KEY in the header x-org-key. Each KEY is an
                          organisation of its own; repeat it for several. Make the
                          keys up. Default: \(OrgKey.demo)
      --port N            listen on port N; 0 for a free one. Default: \(Arguments.standardPort)
      --host ADDRESS      listen on ADDRESS, a loopback address. Default: 127.0.0.1
      --plan TIER         start every organisation with the plan free, pro, scale
                          or max: 3, 25, 250 or 1000 devices. Default: free
      --plan-state STATE  active, frozen or not_active. Default: active
      --execution SWITCH  on or off; off denies every device. Default: on
      --quiet             do not log requests. Use it when nobody reads standard
                          error, or a full pipe will stop the emulator.
      --help              print this and end
      --version           print the version and end

    Three more paths do what an operator does in the dashboard, or simulate what
    can happen to a service. The service itself does not have them. They take the
    header x-org-key, and apply to the organisation with that key.

      POST /emulator/plan    {"planTier":"pro","planState":"frozen",
                              "executionEnabled":false}, or some of it
      POST /emulator/outage  {"httpStatus":503,"retryAfter":1,"requests":2}: the
                             next 2 requests get HTTP 503 with Retry-After: 1.
                             Without "requests" all get it, until {} ends the
                             outage. 408, 429 or 5xx; "retryAfter" may be missing
      POST /emulator/reset   forget the devices, end an outage, and restore the
                             initial plan

    Example:

      machineid-emulator --port 0 --plan pro --org-key org_ci

    Exit status: 0 after a signal, 1 when it cannot listen, 2 for a bad option.

    """
