internal import CCurl
internal import CPlatform

// Tells the reader of a message about an untrusted certificate where the trusted authorities were looked for.
extension Exchange {
    /// The end of a message about a transfer that ended with this code: where the issuer was looked for, when no
    /// trusted one was found or the file could not be used. Empty for every other failure.
    func trustLocationsText(_ code: CURLcode, _ settings: borrowing Settings) -> TrustLocationsText {
        let isFileBad = code == CURLE_SSL_CACERT_BADFILE
        guard isFileBad || (code == CURLE_PEER_FAILED_VERIFICATION && isIssuerUnknown) else {
            return TrustLocationsText()
        }
        return TrustLocationsText(locations: TrustLocations(settings.trust), isFileBad: isFileBad)
    }

    /// Whether OpenSSL did not find a trusted issuer, for the authority or for the proxy.
    private var isIssuerUnknown: Bool {
        let handle = content.pointee.easy.handle
        return isUnknownIssuer(ccurl_get_long(handle, CURLINFO_SSL_VERIFYRESULT))
            || isUnknownIssuer(ccurl_get_long(handle, CURLINFO_PROXY_SSL_VERIFYRESULT))
    }
}

/// Whether an OpenSSL verify result means that no trusted issuer was found: issuer missing (2), self-signed (18, 19),
/// issuer unknown locally (20), or first certificate unverifiable (21).
private func isUnknownIssuer(_ result: Int) -> Bool {
    result == 2 || (18...21).contains(result)
}

/// A text for a message that names the locations of the trusted authorities; empty without locations.
struct TrustLocationsText {
    fileprivate var locations: TrustLocations?
    /// Whether there is no usable certificate in the file.
    fileprivate var isFileBad = false
}

extension Message.Interpolation {
    /// Appends the text to a message.
    mutating func appendInterpolation(_ text: TrustLocationsText) {
        guard let locations = text.locations else { return }
        guard let source = locations.fileSource else { return appendSystem(locations.file, isFileBad: text.isFileBad) }
        append(text.isFileBad ? " (there is no certificate that can be read in " : " (looked in ")
        if let file = locations.file {
            append(source)
            append(" ")
            appendInterpolation(file)
        }
        if let folders = locations.folders {
            if locations.file != nil { append(" and ") }
            append(locations.foldersSource)
            append(" ")
            appendInterpolation(folders)
        }
        append(")")
    }

    /// Appends the text for the system's file.
    private mutating func appendSystem(_ file: UnsafePointer<CChar>?, isFileBad: Bool) {
        guard let file else { return appendSystemWithoutFile() }
        if access(file, R_OK) != 0 {
            append(
                """
                 (the system's authorities cannot be read: install ca-certificates, or name a file with ca_file; \
                looked in\u{20}
                """)
        } else {
            append(isFileBad ? " (there is no certificate in the system's file " : " (looked in the system's file ")
        }
        appendInterpolation(file)
        append(")")
    }

    /// Appends the text where there is no file with the system's authorities.
    private mutating func appendSystemWithoutFile() {
        if CurlLibrary.usesSystemFolders {
            return append(" (looked where this libcurl was built to find the system's authorities)")
        }
        append(
            """
             (no file with the system's authorities can be read: install ca-certificates, or name one with ca_file; \
            looked in
            """)
        var number: Int32 = 0
        while let file = platform_certificate_file(number) {
            append(number == 0 ? " " : ", ")
            appendInterpolation(file)
            number &+= 1
        }
        append(")")
    }

    private mutating func append(_ text: Literal) { appendInterpolation(text) }
}
