import CMicrohttpd
import Glibc

/// One request and its reply. libmicrohttpd calls back when the headers have arrived, again for each piece of the body,
/// and a last time for the reply.
///
/// A request that has to wait is presented again when its time has come.
final class Exchange {
    let id = RequestID()
    var request: Request
    /// The fault that the scenario has for it; nil until the request is complete, and when there is none.
    var fault: Fault?
    /// Whether the scenario has been asked for a fault.
    var isExamined = false
    /// Whether it has waited, and its client went away meanwhile.
    var isAbandoned = false
    /// Whether the request has been logged.
    var isRecorded = false

    init(_ request: Request) { self.request = request }
}

extension Request {
    /// The request as libmicrohttpd has read it when the headers are complete.
    init(_ connection: OpaquePointer?, method: UnsafePointer<CChar>, path: UnsafePointer<CChar>) {
        func header(_ name: StaticString) -> String? {
            name.withUTF8Buffer { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    MHD_lookup_connection_value(connection, .HEADER_KIND, $0.baseAddress).map { String(cString: $0) }
                }
            }
        }
        self.init(
            method: String(cString: method), path: String(cString: path), orgKey: header("x-org-key"),
            contentType: header("content-type"),
            body: RequestBody(
                announced: header("content-length").flatMap { Int($0) } ?? 0,
                maximumBytes: strcmp(path, OperatorEndpoints.scenarioPath) == 0
                    ? Scenario.maximumBytes : RequestBody.usualMaximum))
    }
}

extension Reply {
    /// Passes the reply to libmicrohttpd. Without memory for it the connection is closed instead.
    ///
    /// - Parameter isLast: whether to close the connection after the reply.
    func queue(on connection: OpaquePointer?, _ id: RequestID, isLast: Bool) -> MHD_Result {
        guard let text = body.text() else { return .NO }
        // libmicrohttpd frees the text with the response, and the response after it is sent.
        guard let response = MHD_create_response_from_buffer(strlen(text), text, .RESPMEM_MUST_FREE) else {
            free(text)
            return .NO
        }
        defer { MHD_destroy_response(response) }
        var isComplete = true
        func header(_ name: StaticString, _ value: String) {
            name.withUTF8Buffer { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    if MHD_add_response_header(response, $0.baseAddress, value) != .YES { isComplete = false }
                }
            }
        }
        header("Content-Type", "application/json")
        header("Cache-Control", "no-store")
        header("X-Request-Id", id.text)
        if let allow { header("Allow", allow) }
        if let retryAfter { header("Retry-After", String(retryAfter)) }
        if isLast { header("Connection", "close") }
        return isComplete ? MHD_queue_response(connection, status, response) : .NO
    }
}
