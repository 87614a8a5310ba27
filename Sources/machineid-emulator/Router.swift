/// A method, a path, and the endpoint that answers them.
struct Route: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    /// What an endpoint needs to know about a request. The router finds that out first.
    enum Endpoint: Sendable {
        case organisation(@Sendable (Organisation) throws(Refusal) -> Reply)
        case device(@Sendable (DeviceID, Organisation, RequestID) throws(Refusal) -> Reply)
        case settings(@Sendable (JSONObject, Organisation) throws(Refusal) -> Reply)
    }

    let method: Method
    let path: String
    let endpoint: Endpoint

    init(_ method: Method, _ path: String, _ endpoint: Endpoint) {
        self.method = method
        self.path = path
        self.endpoint = endpoint
    }

    /// Whether the route takes this method. HEAD is answered like GET; libmicrohttpd omits the body.
    func takes(_ method: String) -> Bool {
        method == self.method.rawValue || (self.method == .get && method == "HEAD")
    }

    /// The value for the Allow header.
    var allow: String { method == .get ? "GET, HEAD" : method.rawValue }
}

/// Finds the endpoint for a request and calls it. It does not deal with HTTP on the wire.
struct Router: Sendable {
    let authority: Authority
    /// The operations of the service.
    private let service = Endpoints.routes
    /// The emulator's own endpoints for operators.
    private let operators = OperatorEndpoints.routes

    init(_ authority: Authority) { self.authority = authority }

    /// Answers a request, and returns the device that it named, if that could be read.
    func answer(_ request: Request, _ id: RequestID) -> (reply: Reply, device: DeviceID?) {
        var device: DeviceID?
        do throws(Refusal) {
            return (try answer(request, id, &device), device)
        } catch {
            return (Reply(error, id), device)
        }
    }

    private func answer(_ request: Request, _ id: RequestID, _ device: inout DeviceID?) throws(Refusal) -> Reply {
        let operation = service.first { $0.path == request.path }
        guard let route = operation ?? operators.first(where: { $0.path == request.path }) else { throw .notFound }
        guard route.takes(request.method) else { throw .methodNotAllowed(route.allow) }
        let organisation = try authority.organisation(request.orgKey)
        // An outage does not affect the operator's endpoints.
        if operation != nil, let outage = organisation.sufferOutage() { throw .unavailable(outage) }
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
