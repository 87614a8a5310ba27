internal import CCurl
internal import CPlatform

/// The kind of failure that ended a transfer.
///
/// It is decided first by how far the exchange came and what was seen of the reply, and only then by libcurl's code:
/// different versions of libcurl use different codes for the same fault.
enum FailureKind {
    /// This library stopped libcurl, for the reason in the exchange's `stop`.
    case stopped
    /// The driver had to leave while a peer kept libcurl busy, this transfer's or another one's.
    case interrupted
    case outOfMemory
    /// The system refused the thread that libcurl resolves a name on.
    case noThread
    /// The host name of the authority or of the proxy was not found.
    case nameNotFound
    /// No connection was made to the authority or the proxy.
    case notConnected
    /// The TLS handshake broke off.
    case handshakeFailed
    /// The certificate, its name or the pinned key does not match.
    case untrusted
    /// An established connection broke.
    case connectionLost
    /// A connection was unfit for the request: it held bytes that nobody had asked for, or was to take no further
    /// request.
    case strayBytes
    /// What arrived is not valid HTTP.
    case notHTTP
    /// libcurl itself failed.
    case libcurlFailed

    /// Whether the fault lies with an established connection.
    var isOfConnection: Bool { self == .connectionLost || self == .strayBytes }

    /// Whether another attempt may succeed a moment later.
    var isTransient: Bool {
        switch self {
        case .interrupted, .noThread, .nameNotFound, .notConnected, .handshakeFailed, .connectionLost, .strayBytes: true
        case .stopped, .outOfMemory, .untrusted, .notHTTP, .libcurlFailed: false
        }
    }
}

extension Exchange {
    /// Whether a failure of this kind lies with a kept connection: it proved unfit before the request was sent, or was
    /// closed before a byte of the reply.
    func lostKeptConnection(_ kind: FailureKind) -> Bool {
        kind.isOfConnection && !content.pointee.easy.madeConnection && content.pointee.head.bytes == 0
    }

    /// The kind of failure of a transfer that ended with this code, other than CURLE_OK.
    func kind(of code: CURLcode) -> FailureKind {
        switch content.pointee.stop {
        case nil: break
        case .interrupted: return .interrupted
        default: return .stopped
        }
        switch code {
        case CURLE_ABORTED_BY_CALLBACK: return .strayBytes
        case CURLE_FAILED_INIT, CURLE_NOT_BUILT_IN, CURLE_UNKNOWN_OPTION, CURLE_UNRECOVERABLE_POLL:
            return .libcurlFailed
        // libcurl 7.88 also reports a head line that is too long this way.
        case CURLE_OUT_OF_MEMORY where !isReadingHead || platform_has_memory(256 * 1024) == 0: return .outOfMemory
        default: return isConnecting(code) ? kindWhileConnecting(code) : kindAfterConnecting(code)
        }
    }

    /// Whether the failure happened before there was a connection. This includes a new connection that libcurl had to
    /// make after a request on a kept one was lost.
    private func isConnecting(_ code: CURLcode) -> Bool {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CACERT_BADFILE:
            content.pointee.head.bytes == 0
        default: progress == .connecting
        }
    }

    /// Whether the peer is sending a head: the authority's reply, or a proxy's.
    private var isReadingHead: Bool {
        progress == .connecting ? shared.pointee.isProxied : !content.pointee.head.isComplete
    }

    private func kindWhileConnecting(_ code: CURLcode) -> FailureKind {
        if isResolving, areThreadsRefused() { return .noThread }
        return switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameNotFound
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CLIENTCERT: .handshakeFailed
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
            .untrusted
        case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT: .libcurlFailed
        default: .notConnected
        }
    }

    private func kindAfterConnecting(_ code: CURLcode) -> FailureKind {
        switch code {
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SSL_CONNECT_ERROR:
            .connectionLost
        default: .notHTTP
        }
    }
}
