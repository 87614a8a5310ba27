internal import CCurl
internal import CPlatform

// Translates libcurl's failures into this library's.
//
// A message contains nothing that a peer could have written. It uses no text that libcurl or OpenSSL composed, since
// that may repeat what the peer sent; only texts of this library, constant texts for errors, and what the host gave.
extension Exchange {
    /// The failure of a transfer that ended with this code, other than CURLE_OK.
    @inline(never)
    func failure(_ kind: FailureKind, _ code: CURLcode, _ settings: borrowing Settings) -> Failure {
        switch kind {
        case .stopped: return stopped
        case .interrupted: return Failure(.timeout, "incoming data kept the thread busy past its time limit")
        case .outOfMemory: return .outOfMemory
        case .noThread: return .noThreadToResolve
        case .nameNotFound:
            // libcurl 8 does not always distinguish the two by its code.
            let isProxy = content.pointee.easy.usedProxy ?? (code == CURLE_COULDNT_RESOLVE_PROXY)
            let host = redacted(isProxy ? settings.proxies.host.pointer : settings.baseURL.host.pointer)
            let peer: Literal = isProxy ? "proxy" : "authority"
            return Failure(.resolveFailed, "the host name of the \(peer) was not found: \(host)")
        case .notConnected: return notConnected(code, settings)
        case .handshakeFailed, .untrusted:
            return Failure(
                .tlsFailed,
                """
                no trusted TLS connection: \(tlsReason(code, settings))\(trustLocationsText(code, settings))
                """)
        case .connectionLost:
            let seen: Literal = content.pointee.head.bytes > 0 ? "was complete" : "began"
            let reason = shared.pointee.isSecure ? opensslReason : nil
            guard let reason else { return Failure(.transferFailed, "the connection broke before the reply \(seen)") }
            return Failure(.transferFailed, "the connection broke before the reply \(seen): \(reason)")
        case .strayBytes:
            return Failure(.transferFailed, "the connection held bytes that nobody had asked for")
        case .notHTTP:
            return Failure(.badReply, "the reply is not HTTP that can be trusted: \(curl_easy_strerror(code))")
        case .libcurlFailed:
            return Failure(.internal, "libcurl failed: \(curl_easy_strerror(code)) (code \(Int(code.rawValue)))")
        }
    }

    /// The failure when this library stopped libcurl.
    private var stopped: Failure {
        switch content.pointee.stop {
        case .head(let fault): fault.failure
        case .tooLargeBody:
            Failure(.badReply, "the reply is larger than \(content.pointee.endpoint.maximumReplyBytes) bytes")
        case .descriptorClosed: .descriptorClosed
        case .noMemory, .interrupted, nil: .outOfMemory
        }
    }

    /// The failure when no connection was made.
    private func notConnected(_ code: CURLcode, _ settings: borrowing Settings) -> Failure {
        let status = content.pointee.easy.connectStatus
        if status != 0, !(200...299).contains(status) {
            return Failure(.connectFailed, "the proxy refused to connect: HTTP \(status)")
        }
        var message: Message = "no connection to "
        // libcurl before 8.7 does not report whether `no_proxy` made it bypass the proxy.
        let wentByProxy = settings.proxies.isSet ? content.pointee.easy.usedProxy : false
        if wentByProxy != false { message.append(destroying: "the proxy \(redacted(settings.proxies.host.pointer))") }
        if wentByProxy == nil { message.append(" or to ") }
        if wentByProxy != true {
            message.append(destroying: "the authority \(redacted(settings.baseURL.host.pointer))")
        }
        if code == CURLE_OPERATION_TIMEDOUT {
            message.append(destroying: " within \(settings.connectTimeout) ms (connect_timeout_ms)")
        } else {
            message.append(destroying: ": \(connectReason(code))")
        }
        return Failure(.connectFailed, message)
    }

    /// The system's text for the failed connect, in the C locale, or else libcurl's constant text for the code.
    private func connectReason(_ code: CURLcode) -> UnsafePointer<CChar>? {
        let number = content.pointee.easy.systemError
        guard code == CURLE_COULDNT_CONNECT, number > 0 else { return curl_easy_strerror(code) }
        return UnsafePointer(strerror_l(Int32(truncatingIfNeeded: number), CLocale.locale))
    }
}
