internal import CPlatform

/// The identity of the file behind a descriptor: device and inode number. It shows whether a descriptor is still the
/// library's: a host or a forked child may have closed it and opened another file under the same number. The inode
/// number alone is not enough, because each file system numbers its own.
struct FileIdentity: Equatable {
    private let device: dev_t
    private let number: ino_t

    /// nil when the descriptor is closed.
    @inline(never)
    init?(of descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        (device, number) = (status.st_dev, status.st_ino)
    }

    /// Whether the descriptor refers to this file.
    func matches(_ descriptor: Int32) -> Bool { FileIdentity(of: descriptor) == self }

    /// Closes a descriptor if it refers to this file.
    @inline(never)
    func close(_ descriptor: Int32) {
        if matches(descriptor) { _ = CPlatform.close(descriptor) }
    }
}
