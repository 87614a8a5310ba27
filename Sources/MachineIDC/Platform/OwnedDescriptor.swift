internal import CPlatform

/// A descriptor that belongs to the library, with the identity of its file.
///
/// A host that closes it against the rules, as a program does that closes all descriptors to become a daemon, may open
/// another file under its number. So every use checks first, and leaves a file of the host's alone.
struct OwnedDescriptor {
    private let number: Int32
    private let identity: FileIdentity

    /// Takes ownership of a descriptor that has just been opened. When the system does not say which file it is, closes
    /// it and returns nil.
    init?(_ opened: Int32) {
        guard opened >= 0 else { return nil }
        guard let identity = FileIdentity(of: opened) else {
            _ = CPlatform.close(opened)
            return nil
        }
        (number, self.identity) = (opened, identity)
    }

    /// The descriptor, as long as it refers to the library's file; otherwise nil.
    var current: Int32? { identity.matches(number) ? number : nil }

    /// Closes the descriptor, if it still refers to the library's file.
    func close() { identity.close(number) }
}
