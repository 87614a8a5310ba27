/// The log of requests, one line each, on standard error:
///
///     time=2026-01-31T12:00:00.000Z method=POST path=/api/v1/devices/validate status=200 request_id=… device=… code=…
///
/// Text from a client is escaped, so that it cannot break a line or send escape sequences to a terminal. Org keys are
/// replaced wherever a client may have put one. Each line is written at once, before the reply is sent.
struct RequestLog: Sendable {
    private let keys: HiddenKeys
    private let write: @Sendable (String) -> Void

    init(hiding keys: HiddenKeys, write: @escaping @Sendable (String) -> Void) {
        self.keys = keys
        self.write = write
    }

    /// Logs a request. `status` is nil when there was no reply.
    func record(_ request: Request, _ id: RequestID, device: DeviceID?, status: UInt32?, code: String) {
        write(
            """
            time=\(timestamp(wallClock())) method=\(field(request.method)) path=\(field(request.path)) \
            status=\(status.map(String.init) ?? "-") request_id=\(id.text) device=\(field(device?.text ?? "-")) \
            code=\(code)\n
            """)
    }

    /// Logs that a step of a scenario has changed devices or the plan.
    func record(_ step: TakenStep) {
        let time = timestamp(wallClock())
        write("time=\(time) scenario step=\(step.number) \(step.action) devices=\(step.deviceCount)\n")
    }

    /// A value as it is written in a line: with keys hidden, and quoted when necessary.
    private func field(_ value: String) -> String {
        keys.hide(in: value).quotedIfNecessary(maximum: Self.maximumScalars)
    }

    /// The longest value that is logged, longer than any device id. The rest is cut off.
    private static let maximumScalars = 600
}
