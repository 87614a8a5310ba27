internal import CCurl
internal import CPlatform

/// Where libcurl is to look for the certificate authorities to trust: a view of `Trust`, with the system's file where that
/// names none. Lives as long as the client's settings. Only after `Process.prepareCurl()`.
struct TrustPlaces {
    let file: UnsafePointer<CChar>?
    let folders: UnsafePointer<CChar>?
    /// What to call them in a message; nil for the system's file.
    let fileSource: Literal?
    let foldersSource: Literal

    init(_ trust: borrowing Trust) {
        let isSystems = trust.file.pointer == nil && trust.folders.pointer == nil
        file = isSystems ? Process.certificateFile : trust.file.pointer
        folders = trust.folders.pointer
        fileSource = isSystems ? nil : trust.fileSource
        foldersSource = trust.foldersSource
    }
}

extension EasyOptions {
    /// For connections to the authority and to a proxy alike. Nothing but these places: what is not set would be libcurl's
    /// own default, which is the system's.
    mutating func trust(_ places: TrustPlaces) {
        // This libcurl keeps its authorities where nobody can tell, and there they stay.
        if places.file == nil, places.folders == nil { return }
        trust(places, CURLOPT_CAINFO, CURLOPT_CAPATH, CURLOPT_CAINFO_BLOB)
        trust(places, CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH, CURLOPT_PROXY_CAINFO_BLOB)
    }

    private mutating func trust(
        _ places: TrustPlaces, _ file: CURLoption, _ folders: CURLoption, _ bytes: CURLoption
    ) {
        // Without folders libcurl reads the file once and keeps what was in it, and otherwise for every connection (20 ms
        // for the system's). From 8.17 on it can no longer be told that there are none; no file can be found in /dev/null.
        let noFolders: UnsafePointer<CChar>? = Process.trustsSystemUnlessTold ? Literal("/dev/null").cString : nil
        set(file, text: places.file)
        set(folders, text: places.folders ?? noFolders)
        // It cannot be told that there is no file either, but certificates in memory take its place.
        if places.file == nil, Process.trustsSystemUnlessTold { check(ccurl_set_blob(handle, bytes, nobody.cString)) }
    }
}

/// A certificate that was valid on the first of January 1950, before any clock of Linux: libcurl takes no bytes without one.
/// Nobody has its key, nor could use it.
private var nobody: Literal {
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
