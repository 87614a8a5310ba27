internal import CCurl
internal import CPlatform

extension Exchange {
    /// Why there is no trusted TLS connection, in constant texts of this library, libcurl or OpenSSL.
    func tlsReason(_ code: CURLcode, _ settings: borrowing Settings) -> UnsafePointer<CChar>? {
        // Until the proxy has answered the CONNECT request, the handshake is the one with the proxy itself.
        let isProxys =
            settings.proxies.isSecure && content.pointee.easy.usedProxy != false
            && content.pointee.easy.connectStatus == 0
        if CurlLibrary.knowsOpenSSL,
            let fault = ccurl_certificate_fault(content.pointee.easy.handle, isProxys ? 1 : 0)
        {
            return fault
        }
        switch code {
        case CURLE_PEER_FAILED_VERIFICATION:
            let mismatch: Literal = "the certificate is not for this host name"
            let either: Literal = "the certificate is not trusted, or not for this host name"
            return CurlLibrary.knowsOpenSSL ? mismatch.cString : either.cString
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return Literal("the server's public key is none of those in pinned_public_key").cString
        case CURLE_SSL_CACERT_BADFILE:
            return Literal("the file with the certificate authorities cannot be used").cString
        default:
            if let reason = opensslReason { return reason }
            // OpenSSL has no text for the end of a connection.
            if code == CURLE_SSL_CONNECT_ERROR, CurlLibrary.knowsOpenSSL {
                return Literal("the peer closed the connection during the handshake").cString
            }
            return curl_easy_strerror(code)
        }
    }

    /// The constant text of the error that OpenSSL reported; nil when it reported none.
    ///
    /// libcurl's text contains the number of that error, as in "error:0A00010B:SSL routines::wrong version number".
    /// Only the number is taken from it.
    var opensslReason: UnsafePointer<CChar>? {
        guard CurlLibrary.knowsOpenSSL else { return nil }
        let lead: Literal = "error:"
        var text = UnsafePointer(content.pointee.easy.errorText)
        // In libcurl 8 the text before the number contains "error:" too.
        while let found = strstr(text, lead.cString) {
            text = UnsafePointer(found) + strlen(lead.cString)
            if isxdigit(Int32(text[0])) != 0 { return ccurl_openssl_reason(strtoul(text, nil, 16)) }
        }
        return nil
    }
}
