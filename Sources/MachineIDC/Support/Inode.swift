internal import CPlatform

/// Tells a descriptor of ours from another one under the same number: a host, or a forked child, may have closed ours and
/// opened something else. nil when it is closed.
func inode(of descriptor: Int32) -> ino_t? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? status.st_ino : nil
}
