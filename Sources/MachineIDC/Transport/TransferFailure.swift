internal import CCurl
internal import CPlatform

// The failures of libcurl in this library's terms.
extension Transfer {
    /// Why a transfer that ended with this code, and not CURLE_OK, has no reply.
    func failure(_ code: CURLcode) -> Failure {
        switch exchange.pointee.stop {
        case nil: break
        case .noMemory: return .outOfMemory
        case .robbed: return .robbed
        case .cutShort: return Failure(.timeout, "what came in kept the thread busy beyond its time")
        case .tooLargeHead: return Failure(.badReply, "the reply's head is larger than 64 KiB")
        case .doubtfulLength: return Failure(.badReply, "the reply has a Content-Length that cannot be trusted")
        case .tooLargeBody:
            return Failure(.badReply, "the reply is larger than \(exchange.pointee.maximumReplyBytes) bytes")
        }
        if code == CURLE_OUT_OF_MEMORY, progress != .connecting, !exchange.pointee.head.isComplete, memoryIsLeft() {
            return Failure(.badReply, "the reply's head has a line longer than libcurl takes")
        }
        if isResolving, code != CURLE_OUT_OF_MEMORY, couldNotStartThread() { return .noThreadToResolve }
        let connectStatus = exchange.pointee.easy.connectStatus
        if connectStatus != 0, !(200...299).contains(connectStatus) {
            return Failure(.connectFailed, "the proxy refused to connect: HTTP \(connectStatus)")
        }
        let (status, lead) = kind(of: code)
        let said = UnsafePointer(exchange.pointee.easy.errorText)
        return Failure(status, "\(lead): \(said[0] != 0 ? said : curl_easy_strerror(code))")
    }

    private func kind(of code: CURLcode) -> (Status, Literal) {
        switch code {
        case CURLE_OUT_OF_MEMORY:
            (.outOfMemory, "out of memory")
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            (.resolveFailed, "the host name was not found")
        case CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT, CURLE_PROXY:
            // Time over a whole call is not libcurl's to keep, so its time-out is that of connecting.
            (.connectFailed, "no connection")
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_USE_SSL_FAILED:
            (.tlsFailed, "no trusted TLS connection")
        case CURLE_SEND_ERROR where progress == .connecting, CURLE_RECV_ERROR where progress == .connecting,
            CURLE_GOT_NOTHING where progress == .connecting:
            // Of the connection to a proxy, which has not made the one to the authority.
            (.connectFailed, "no connection")
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE:
            (.transferFailed, "the connection broke before the reply was complete")
        case CURLE_ABORTED_BY_CALLBACK:
            (.transferFailed, "the connection held bytes that nobody had asked for")
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING, CURLE_WRITE_ERROR,
            CURLE_BAD_FUNCTION_ARGUMENT:
            // The last is what libcurl 7.88 makes of a chunk size like "0x1a".
            (.badReply, "the reply is not HTTP that can be trusted")
        default:
            (.internal, "libcurl failed")
        }
    }
}

/// libcurl says "out of memory" for a line that is longer than it takes, too.
private func memoryIsLeft() -> Bool {
    guard let probe = malloc(256 * 1024) else { return false }
    free(probe)
    return true
}
