/// Finds the endpoint for a request and calls it. It does not deal with HTTP on the wire.
struct Router: Sendable {
    let authority: Authority
    private let log: RequestLog?
    private let keys: HiddenKeys
    private let routes = Endpoints.routes + OperatorEndpoints.routes

    init(_ authority: Authority, hiding keys: HiddenKeys, log: RequestLog?) {
        self.authority = authority
        self.keys = keys
        self.log = log
    }

    /// Answers a request, and returns the device that it named, if that could be read.
    func answer(_ request: Request, _ id: RequestID) -> (reply: Reply, device: DeviceID?) {
        var device: DeviceID?
        do throws(Refusal) {
            return (try answer(request, id, &device), device)
        } catch {
            return (Reply(error, id), device)
        }
    }

    /// The fault that a scenario has for a request. Like an outage, it does not affect the operator's endpoints, nor a
    /// request that has a wrong key.
    func fault(for request: Request) -> Fault? {
        guard let (operation, organisation) = subject(of: request), organisation.hasScenario else { return nil }
        return organisation.takeFault(for: operation, device(of: request, operation))
    }

    /// Logs a request, and keeps it for GET /emulator/requests. `status` is nil when there was no reply.
    func record(_ request: Request, _ id: RequestID, device: DeviceID?, status: UInt32?, code: String) {
        log?.record(request, id, device: device, status: status, code: code)
        guard let (operation, organisation) = subject(of: request) else { return }
        organisation.record(
            RecordedRequest(
                time: wallClock(), operation: operation, device: device.map { keys.hide(in: $0.text) },
                httpStatus: status, code: code, id: id))
    }

    /// The device that a complete request names; nil when it names none that can be read.
    func device(of request: Request) -> DeviceID? { subject(of: request).flatMap { device(of: request, $0.0) } }

    private func device(of request: Request, _ operation: Operation) -> DeviceID? {
        operation.namesDevice ? try? request.deviceID() : nil
    }

    /// The operation and the organisation of a request; nil when it asks for no operation, or has a wrong key.
    private func subject(of request: Request) -> (Operation, Organisation)? {
        guard let route = try? route(of: request), let operation = route.operation,
            let organisation = try? authority.organisation(request.orgKey)
        else { return nil }
        return (operation, organisation)
    }

    private func route(of request: Request) throws(Refusal) -> Route {
        if let route = routes.first(where: { $0.path == request.path && $0.takes(request.method) }) { return route }
        let others = routes.filter { $0.path == request.path }
        if others.isEmpty { throw .notFound }
        throw .methodNotAllowed(others.map(\.allow).joined(separator: ", "))
    }

    private func answer(_ request: Request, _ id: RequestID, _ device: inout DeviceID?) throws(Refusal) -> Reply {
        let route = try route(of: request)
        let organisation = try authority.organisation(request.orgKey)
        for step in try organisation.catchUp() { log?.record(step) }
        // An outage does not affect the operator's endpoints.
        if route.operation != nil, let outage = organisation.sufferOutage() { throw .unavailable(outage) }
        switch route.endpoint {
        case .organisation(let answer):
            return try answer(organisation)
        case .device(let answer):
            let named = try request.deviceID()
            device = named
            return try answer(named, organisation, id)
        case .settings(let answer):
            return try answer(try request.json(), organisation)
        }
    }
}
