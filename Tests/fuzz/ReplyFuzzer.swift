// Fuzzes the replies of a server: the first byte selects the HTTP status and the endpoint, and the rest is the body.
// An independent parser checks the result: an allow or a denial that Foundation does not find too is a fault.

import Foundation

private let httpStatuses = [200, 201, 204, 299, 302, 400, 403, 429, 503, 0]
private let endpoints: [Endpoint] = [.validate, .validate, .validate, .register, .listDevices]

nonisolated(unsafe) private let device = UnsafePointer(strdup("agent-01"))

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReply(_ data: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
    guard size > 0 else { return 0 }
    readHead(data, size)
    let httpStatus = httpStatuses[Int(data[0]) % httpStatuses.count]
    let endpoint = endpoints[Int(data[0]) / httpStatuses.count % endpoints.count]
    do throws(Failure) {
        try ProcessSetup.run()
        let answer = try Answer(
            to: endpoint, device: device, httpStatus: httpStatus, body: data + 1, count: size - 1)
        precondition(httpStatus < 429, "there is no answer in an outage")
        let body = Data(bytes: data + 1, count: size - 1)
        let object = try? JSONSerialization.jsonObject(with: body) as? [String: Any]
        if answer.isAllowed {
            precondition(answer.status == .ok && (200...299).contains(httpStatus) && endpoint.replyKind == .decision)
            precondition(object?["allowed"] as? Bool == true, "an allow that another parser does not see")
        }
        if answer.status == .ok, endpoint.replyKind == .decision, !answer.isAllowed {
            precondition(object?["allowed"] as? Bool == false, "a denial that another parser does not see")
        }
    } catch {
        let isOutage = httpStatus == 429 || httpStatus == 503
        precondition(
            error.status == .badReply || (isOutage && error.status == .unavailable),
            "a reply is bad, or that of an outage")
        let json = error.json().text
        precondition((try? JSONSerialization.jsonObject(with: Data(bytes: json, count: strlen(json)))) != nil)
        Failure.freeJSON(json)
        error.message.destroy()
    }
    return 0
}

/// Reads the same bytes as a head, line by line. Only a head that begins with an exact status line is complete.
private func readHead(_ data: UnsafePointer<UInt8>, _ size: Int) {
    let text = UnsafeRawPointer(data).assumingMemoryBound(to: CChar.self)
    var head = ReplyHead()
    var start = 0
    while start < size {
        let newline = memchr(text + start, 0x0a, size - start)
        let end = newline.map { UnsafeRawPointer($0) - UnsafeRawPointer(text) + 1 } ?? size
        if head.take(text + start, count: end - start) != nil { return }
        start = end
    }
    precondition(!head.isComplete || (200...999).contains(head.status))
    precondition(!head.isComplete || memcmp(text, "HTTP/1.", 7) == 0)
}
