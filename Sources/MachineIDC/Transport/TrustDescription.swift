internal import CCurl
internal import CPlatform

// Where whoever reads of a certificate that is not trusted has to look.
extension Exchange {
    /// For the end of a message about a transfer that ended so: where the issuer was looked for, when none was found that is
    /// trusted, or there was nowhere to look. Empty for every other failure.
    func whereTrustWasSought(_ code: CURLcode, _ settings: borrowing Settings) -> TrustDescription {
        let isFileBad = code == CURLE_SSL_CACERT_BADFILE
        guard isFileBad || (code == CURLE_PEER_FAILED_VERIFICATION && isIssuerUnknown) else { return TrustDescription() }
        return TrustDescription(places: TrustPlaces(settings.trust), isFileBad: isFileBad)
    }

    private var isIssuerUnknown: Bool {
        let handle = content.pointee.easy.handle
        return isUnknownIssuer(ccurl_get_long(handle, CURLINFO_SSL_VERIFYRESULT))
            || isUnknownIssuer(ccurl_get_long(handle, CURLINFO_PROXY_SSL_VERIFYRESULT))
    }
}

/// What OpenSSL calls it: no issuer, itself the issuer, one that is not known, and a first certificate that leads nowhere.
private func isUnknownIssuer(_ result: Int) -> Bool {
    result == 2 || (18...21).contains(result)
}

struct TrustDescription {
    fileprivate var places: TrustPlaces?
    fileprivate var isFileBad = false
}

extension Message.Interpolation {
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

    private mutating func appendSystem(_ file: UnsafePointer<CChar>?, isFileBad: Bool) {
        guard let file else { return append(" (looked where this libcurl was built to find the system's authorities)") }
        if access(file, R_OK) != 0 {
            append(" (the system's authorities cannot be read: install ca-certificates, or name a file with ca_file; looked in ")
        } else {
            append(isFileBad ? " (there is no certificate in the system's file " : " (looked in the system's file ")
        }
        appendInterpolation(file)
        append(")")
    }

    private mutating func append(_ text: Literal) { appendInterpolation(text) }
}
