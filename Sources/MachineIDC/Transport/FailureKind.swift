internal import CCurl
internal import CPlatform

/// What kind of failure ended a transfer.
///
/// Decided by how far the exchange came and by what was seen of the reply, and by libcurl's code only after that: for one
/// and the same fault, one libcurl has another code than the next.
enum FailureKind {
    /// This library stopped it, for the reason in the transfer's `stop`.
    case stopped
    /// This call, or another one whose peer kept libcurl busy, had to leave.
    case cutShort
    case outOfMemory
    /// The system refused the thread that libcurl resolves a name on.
    case noThread
    case nameNotFound
    case notConnected
    /// The handshake broke off. A certificate, a name or a pin that does not fit is `untrusted`.
    case noHandshake
    case untrusted
    /// A connection that stood broke.
    case lost
    /// A kept connection held bytes that nobody had asked for.
    case strayBytes
    case notHTTP
    /// libcurl could not do its part.
    case broken

    /// Whether it lies with the connection, which stood.
    var isOfConnection: Bool { self == .lost || self == .strayBytes }

    /// Whether the network may do better the next moment.
    var mayPass: Bool {
        switch self {
        case .cutShort, .noThread, .nameNotFound, .notConnected, .noHandshake, .lost, .strayBytes: true
        case .stopped, .outOfMemory, .untrusted, .notHTTP, .broken: false
        }
    }
}

extension Exchange {
    /// Of a transfer that ended with this code, and not with CURLE_OK.
    func kind(of code: CURLcode) -> FailureKind {
        switch content.pointee.stop {
        case nil: break
        case .cutShort: return .cutShort
        default: return .stopped
        }
        switch code {
        case CURLE_ABORTED_BY_CALLBACK: return .strayBytes
        case CURLE_FAILED_INIT, CURLE_NOT_BUILT_IN, CURLE_UNKNOWN_OPTION, CURLE_UNRECOVERABLE_POLL: return .broken
        // libcurl 7.88 says the same of a line that is longer than it takes.
        case CURLE_OUT_OF_MEMORY where !isReadingHead || platform_has_memory(256 * 1024) == 0: return .outOfMemory
        default: return isConnecting(code) ? kindWhileConnecting(code) : kindAfterConnecting(code)
        }
    }

    /// Also where libcurl had to look up the name or to connect anew, after a request on a kept connection was lost.
    private func isConnecting(_ code: CURLcode) -> Bool {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CACERT_BADFILE:
            content.pointee.head.bytes == 0
        default: progress == .connecting
        }
    }

    /// Whether the peer is sending a head: the authority in its reply, or a proxy.
    private var isReadingHead: Bool {
        progress == .connecting ? shared.pointee.isProxied : !content.pointee.head.isComplete
    }

    private func kindWhileConnecting(_ code: CURLcode) -> FailureKind {
        if isResolving, couldNotStartThread() { return .noThread }
        return switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameNotFound
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CLIENTCERT: .noHandshake
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
            .untrusted
        case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT: .broken
        default: .notConnected
        }
    }

    private func kindAfterConnecting(_ code: CURLcode) -> FailureKind {
        switch code {
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SSL_CONNECT_ERROR: .lost
        default: .notHTTP
        }
    }
}
