internal import CCurl

/// What one attempt came to, read from a transfer that has ended.
struct Attempt {
    /// CURLE_OK when there is a complete reply.
    let code: CURLcode
    /// 0 when there is no reply.
    let httpStatus: Int
    /// Whether another attempt may come to something else: the network failed, or the authority is busy. A decision
    /// never is.
    let mayBeRetried: Bool
    /// Whether the fault lies with a kept connection: it turned out unfit before the request was sent, or was closed
    /// without a byte in reply. A server may close its side at any time, so that says nothing of the next attempt.
    let wasStale: Bool
    /// What the authority asked for in Retry-After, in seconds; 0 when it did not.
    let retryAfter: Int

    var hasReply: Bool { code == CURLE_OK }

}

extension Attempt {
    init(_ transfer: Transfer) {
        code = transfer.exchange.pointee.code
        guard code == CURLE_OK else {
            httpStatus = 0
            mayBeRetried = isPassing(code)
            // Nor does what was cut short for another call, which had to leave.
            wasStale =
                transfer.exchange.pointee.stop == .cutShort
                || isLoss(code) && !transfer.exchange.pointee.easy.madeConnection
                    && transfer.exchange.pointee.head.bytes == 0
            retryAfter = 0
            return
        }
        httpStatus = transfer.exchange.pointee.easy.httpStatus
        mayBeRetried = httpStatus == 429 || (502...504).contains(httpStatus)
        wasStale = false
        retryAfter = mayBeRetried ? transfer.exchange.pointee.easy.retryAfter : 0
    }
}

/// Whether a connection that stood was lost.
private func isLoss(_ code: CURLcode) -> Bool {
    switch code {
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_ABORTED_BY_CALLBACK: true
    default: false
    }
}

/// Failures of the network that may be gone the next moment, unlike a certificate that does not fit.
private func isPassing(_ code: CURLcode) -> Bool {
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT,
        CURLE_SSL_CONNECT_ERROR, CURLE_PARTIAL_FILE:
        true
    default: isLoss(code)
    }
}
