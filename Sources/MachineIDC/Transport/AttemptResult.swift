internal import CCurl

/// The result of one attempt, read from an exchange that has ended.
struct AttemptResult {
    /// libcurl's code for the transfer.
    let code: CURLcode
    /// The kind of failure; nil when there is a reply.
    let failureKind: FailureKind?
    /// Whether there is a reply to read. It may still be refused: see `TransferLease.read`.
    let hasReply: Bool
    /// The HTTP status; 0 when there is no reply.
    let httpStatus: Int
    /// Whether another attempt may have a different result: the network failed, or the authority had no answer. A
    /// decision is never retried.
    let mayBeRetried: Bool
    /// Whether the fault lies with a kept connection, and says nothing about the next attempt: the connection proved
    /// unfit before the request was sent, or was closed before a byte of the reply, which a server may do at any time.
    /// Also true for an attempt that was interrupted because the driver had to leave.
    let wasStale: Bool
    /// What the authority asked for with Retry-After, in seconds; 0 when it did not.
    let retryAfter: Int
}

extension AttemptResult {
    init(_ exchange: Exchange) {
        code = exchange.content.pointee.code
        hasReply = exchange.content.pointee.stop == nil && (code == CURLE_OK || exchange.endsWithConnection)
        guard hasReply else {
            let kind = exchange.kind(of: code)
            failureKind = kind
            httpStatus = 0
            mayBeRetried = kind.isTransient
            wasStale = kind == .interrupted || exchange.lostKeptConnection(kind)
            retryAfter = 0
            return
        }
        failureKind = nil
        httpStatus = exchange.content.pointee.head.status
        let outage = Outage(httpStatus: httpStatus)
        mayBeRetried = outage?.isTransient ?? false
        wasStale = false
        retryAfter = outage == nil ? 0 : exchange.content.pointee.easy.retryAfter
        // A server sends 408 when it has waited for a request in vain and gives the connection up. This request may
        // have been on its way at that moment.
        if outage?.isAboutConnection ?? false { exchange.shared.pointee.sockets.retireAll() }
    }
}
