internal import CCurl
internal import CPlatform

// Tells the reader of a message about an untrusted certificate where the trusted authorities were looked for.
extension Exchange {
    /// The end of a message about a transfer that ended with this code: where the issuer was looked for, when no
    /// trusted one was found or the file could not be used. Empty for every other failure.
    func whereTrustWasSought(_ code: CURLcode, _ settings: borrowing Settings) -> TrustDescription {
        let isFileBad = code == CURLE_SSL_CACERT_BADFILE
        guard isFileBad || (code == CURLE_PEER_FAILED_VERIFICATION && isIssuerUnknown) else { return TrustDescription() }
        return TrustDescription(places: TrustPlaces(settings.trust), isFileBad: isFileBad)
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

/// A text for a message that names the places of the trusted authorities; empty without places.
struct TrustDescription {
    fileprivate var places: TrustPlaces?
    /// Whether there is no usable certificate in the file.
    fileprivate var isFileBad = false
}

extension Message.Interpolation {
    /// Appends the text to a message.
    mutating func appendInterpolation(_ description: TrustDescription) {
        guard let places = description.places else { return }
        guard let source = places.fileSource else { return appendSystem(places.file, isFileBad: description.isFileBad) }
        append(description.isFileBad ? " (there is no certificate that can be read in " : " (looked in ")
        if let file = places.file {
            append(source)
            append(" ")
            appendInterpolation(file)
        }
        if let folders = places.folders {
            if places.file != nil { append(" and ") }
            append(places.foldersSource)
            append(" ")
            appendInterpolation(folders)
        }
        append(")")
    }

    /// Appends the text for the system's file.
    private mutating func appendSystem(_ file: UnsafePointer<CChar>?, isFileBad: Bool) {
        guard let file else { return appendSystemWithoutFile() }
        if access(file, R_OK) != 0 {
            append(" (the system's authorities cannot be read: install ca-certificates, or name a file with ca_file; looked in ")
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
        append(" (no file with the system's authorities can be read: install ca-certificates, or name one with ca_file; looked in")
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
