/// A method, a path, and the endpoint that answers them.
struct Route: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
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
    /// nil for the emulator's own endpoints.
    let operation: Operation?

    init(_ method: Method, _ path: String, _ endpoint: Endpoint, _ operation: Operation? = nil) {
        self.method = method
        self.path = path
        self.endpoint = endpoint
        self.operation = operation
    }

    /// Whether the route takes this method. HEAD is answered like GET; libmicrohttpd omits the body.
    func takes(_ method: String) -> Bool {
        method == self.method.rawValue || (self.method == .get && method == "HEAD")
    }

    /// The value for the Allow header.
    var allow: String { method == .get ? "GET, HEAD" : method.rawValue }
}
