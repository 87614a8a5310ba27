internal import CPlatform

/// Which file a descriptor leads to. Tells ours from another one under the same number: a host, or a forked child, may
/// have closed ours and opened something else. The number of an inode alone does not: each file system counts its own.
struct Inode: Equatable {
    private let device: dev_t
    private let number: ino_t

    /// nil when the descriptor is closed.
    @inline(never)
    init?(of descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        (device, number) = (status.st_dev, status.st_ino)
    }

    func isReached(by descriptor: Int32) -> Bool { Inode(of: descriptor) == self }

    /// Closes a descriptor if it leads here.
    @inline(never)
    func close(_ descriptor: Int32) {
        if isReached(by: descriptor) { _ = CPlatform.close(descriptor) }
    }
}
