internal import CCurl

/// What one attempt came to, read from an exchange that has ended.
struct Attempt {
    let code: CURLcode
    /// nil when there is a reply.
    let failureKind: FailureKind?
    /// Whether there is a reply to read. It may still be refused: see `Call.read`.
    let hasReply: Bool
    /// 0 when there is no reply.
    let httpStatus: Int
    /// Whether another attempt may come to something else: the network failed, or the authority had no answer. A decision
    /// never does.
    let mayBeRetried: Bool
    /// Whether the fault lies with a kept connection: it turned out unfit before the request was sent, or was closed
    /// without a byte in reply. A server may close its side at any time, so that says nothing of the next attempt.
    /// Nor does what was cut short for another call, which had to leave.
    let wasStale: Bool
    /// What the authority asked for in Retry-After, in seconds; 0 when it did not.
    let retryAfter: Int
}

extension Attempt {
    init(_ exchange: Exchange) {
        code = exchange.content.pointee.code
        hasReply = code == CURLE_OK || (exchange.endsAnywhere && exchange.content.pointee.stop == nil)
        guard hasReply else {
            let kind = exchange.kind(of: code)
            failureKind = kind
            httpStatus = 0
            mayBeRetried = kind.mayPass
            wasStale =
                kind == .cutShort || kind.isOfConnection && !exchange.content.pointee.easy.madeConnection
                && exchange.content.pointee.head.bytes == 0
            retryAfter = 0
            return
        }
        failureKind = nil
        httpStatus = exchange.content.pointee.head.status
        let outage = Outage(httpStatus: httpStatus)
        mayBeRetried = outage?.mayPass ?? false
        wasStale = false
        retryAfter = outage == nil ? 0 : exchange.content.pointee.easy.retryAfter
        // A server that waited for a request says so on a connection that it gives up. The request may have been on its way.
        if outage?.isAboutConnection ?? false { exchange.shared.pointee.sockets.suspectAll() }
    }
}
