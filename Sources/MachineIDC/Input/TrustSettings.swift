internal import CPlatform

/// Which certificate authorities are trusted: those in a file, in folders, or in both, and no others. This is decided
/// when the client is made, from the options or else from the environment. When neither names any, both members are
/// absent, which stands for the system's file.
struct TrustSettings: ~Copyable {
    /// A file of certificates in PEM.
    let file: CString
    /// Folders of hashed certificates, joined by ":".
    let folders: CString
    /// The names of the two in messages: the option or the environment variable that they came from.
    let fileSource: Literal
    let foldersSource: Literal

    /// - Parameters:
    ///   - file: the option `ca_file`; nil when it was not given.
    ///   - folders: the option `ca_path`; nil when it was not given.
    ///   - isNeeded: whether TLS is used. When it is not, the environment is not read, so nothing in it can be wrong.
    init(file: UnsafePointer<CChar>?, folders: UnsafePointer<CChar>?, isNeeded: Bool) throws(Failure) {
        var file = file
        var folders = folders
        var fileSource: Literal = "ca_file"
        var foldersSource: Literal = "ca_path"
        if isNeeded, file == nil, folders == nil {
            // The same order as in the curl program.
            (file, fileSource) = (environment("CURL_CA_BUNDLE"), "CURL_CA_BUNDLE")
            if file == nil {
                (file, fileSource) = (environment("SSL_CERT_FILE"), "SSL_CERT_FILE")
                (folders, foldersSource) = (environment("SSL_CERT_DIR"), "SSL_CERT_DIR")
            }
        }
        // Checked here, so that a wrong path is an error now and not in the first call.
        if let file { try checkFile(file, fileSource) }
        if let folders { try checkFolders(folders, foldersSource) }
        let fileCopy = try CString(copyingIfGiven: file)
        let foldersCopy = try CString(copyingIfGiven: folders)
        self.file = fileCopy
        self.folders = foldersCopy
        self.fileSource = fileSource
        self.foldersSource = foldersSource
    }
}

/// Throws unless the path is a regular file. Opening a FIFO would block until something writes to it.
private func checkFile(_ path: UnsafePointer<CChar>, _ source: Literal) throws(Failure) {
    guard try kind(of: path, source) == S_IFREG else {
        throw Failure(.invalidOptions, "\(source) must be a regular file: \(redacted(path))")
    }
}

/// Throws unless the list names at least one directory, and nothing but directories.
private func checkFolders(_ list: UnsafePointer<CChar>, _ source: Literal) throws(Failure) {
    var count = 0
    var start = list
    while true {
        let end = start + strcspn(start, Literal(":").cString)
        if end > start {
            let folder = try CString(copying: start, count: end - start)
            guard let path = folder.pointer else { throw .outOfMemory }
            guard try kind(of: path, source) == S_IFDIR else {
                throw Failure(
                    .invalidOptions, "\(source) must be a directory, or several joined by a colon: \(redacted(path))")
            }
            count &+= 1
        }
        if end[0] == 0 { break }
        start = end + 1
    }
    guard count > 0 else { throw Failure(.invalidOptions, "\(source) names no directory") }
}

/// The type of the file at a path, as in `st_mode`. Throws when this process does not have the permission that it needs:
/// to search a directory, to read any other file.
private func kind(of path: UnsafePointer<CChar>, _ source: Literal) throws(Failure) -> Int32 {
    var status = stat()
    // access() checks the permissions of the user who started the program; a program with elevated privileges may have
    // more.
    let whose = hasElevatedPrivileges() ? AT_EACCESS : 0
    guard stat(path, &status) == 0,
        faccessat(AT_FDCWD, path, kind(status) == S_IFDIR ? X_OK : R_OK, whose) == 0
    else {
        let code = platform_errno()
        let reason = CLocale.locale.map { strerror_l(code, $0) } ?? strerror(code)
        throw Failure(.invalidOptions, "\(source) cannot be read: \(redacted(path)): \(reason)")
    }
    return kind(status)
}

private func kind(_ status: borrowing stat) -> Int32 { Int32(truncatingIfNeeded: status.st_mode) & S_IFMT }
