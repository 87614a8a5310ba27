internal import CCurl
internal import CPlatform

/// Where libcurl looks for the trusted certificate authorities: a view of `TrustSettings`, with the system's file when
/// that names no location. It lives as long as the client's settings. Requires `CurlLibrary.prepare()`.
struct TrustLocations {
    let file: UnsafePointer<CChar>?
    let folders: UnsafePointer<CChar>?
    /// The names of the locations in messages; nil for the system's file.
    let fileSource: Literal?
    let foldersSource: Literal

    init(_ trust: borrowing TrustSettings) {
        let isSystems = trust.file.pointer == nil && trust.folders.pointer == nil
        file = isSystems ? CurlLibrary.systemCertificateFile : trust.file.pointer
        folders = trust.folders.pointer
        fileSource = isSystems ? nil : trust.fileSource
        foldersSource = trust.foldersSource
    }
}

extension EasyOptions {
    /// Sets the trusted authorities, for connections to the authority and to a proxy alike. Both options are always
    /// set, because libcurl's default for an option that is not set is the system's authorities.
    mutating func trust(_ locations: TrustLocations) {
        // This libcurl has a default source of authorities that it does not report; it is left in use.
        if locations.file == nil, locations.folders == nil { return }
        trust(locations, CURLOPT_CAINFO, CURLOPT_CAPATH, CURLOPT_CAINFO_BLOB)
        trust(locations, CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH, CURLOPT_PROXY_CAINFO_BLOB)
    }

    /// Sets the trusted authorities for one kind of connection.
    private mutating func trust(
        _ locations: TrustLocations, _ file: CURLoption, _ folders: CURLoption, _ bytes: CURLoption
    ) {
        // Without folders libcurl reads the file once and keeps the result; with folders it reads the file for every
        // connection (20 ms for the system's). From 8.17 on folders cannot be unset; /dev/null contains no file that
        // could be found.
        let noFolders: UnsafePointer<CChar>? = CurlLibrary.trustsSystemByDefault ? Literal("/dev/null").cString : nil
        set(file, text: locations.file)
        set(folders, text: locations.folders ?? noFolders)
        // The file cannot be unset either, but certificates in memory replace it.
        if locations.file == nil, CurlLibrary.trustsSystemByDefault {
            check(ccurl_set_blob(handle, bytes, placeholderCertificate.cString))
        }
    }
}

/// A certificate that was valid on 1 January 1950 only, which is before any clock of Linux. libcurl accepts
/// certificates in memory only if there is one. Nobody has its key, and nobody could use it.
private var placeholderCertificate: Literal {
    """
    -----BEGIN CERTIFICATE-----
    MIIBLTCB1aADAgECAgEBMAoGCCqGSM49BAMCMBgxFjAUBgNVBAMMDXRydXN0cyBu
    b2JvZHkwHhcNNTAwMTAxMDAwMDAwWhcNNTAwMTAyMDAwMDAwWjAYMRYwFAYDVQQD
    DA10cnVzdHMgbm9ib2R5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1ZfA8Vqo
    cVtLFVKw8Ln4c3ABKkmF/jGRopLJm8JmKdpk5McZ+xcFkDVIukyZD+r6mbnbEKWH
    MtbFP6FZ6KUDvqMQMA4wDAYDVR0TAQH/BAIwADAKBggqhkjOPQQDAgNHADBEAiAc
    tJsgxVyyMhDFa/7Zq0mC6U0pnuWFvc60b6UZ0njGGAIgCDRHvglOKp5Qtc0eLatX
    9BjlkplDtdExraoInk14Lsw=
    -----END CERTIFICATE-----

    """
}
