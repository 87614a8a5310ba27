internal import CPlatform

/// A descriptor of the library's, with the file that it was opened for.
///
/// Whoever closed it against the rules, as a program that closes all descriptors does to become a daemon, may have opened
/// something else under its number. So each use asks first, and leaves what is not ours alone.
struct OwnDescriptor {
    private let number: Int32
    private let inode: Inode

    /// Takes over what has just been opened. nil, and it is closed, where the system does not tell which file it is.
    init?(_ opened: Int32) {
        guard opened >= 0 else { return nil }
        guard let inode = Inode(of: opened) else {
            _ = CPlatform.close(opened)
            return nil
        }
        (number, self.inode) = (opened, inode)
    }

    /// The number while it leads to our file, otherwise nil.
    var current: Int32? { inode.isReached(by: number) ? number : nil }

    func close() { inode.close(number) }
}
