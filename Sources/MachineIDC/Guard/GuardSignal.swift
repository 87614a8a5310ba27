internal import CPlatform

/// The descriptor of a guard, made when somebody asks for it: one end of a pair of sockets. Whoever asks is given the one,
/// which is silent until the other is shut down, and at the end of its input from then on, however often it is read.
struct GuardSignal: ~Copyable {
    private(set) var descriptor: Int32 = -1
    private var other: Int32 = -1
    private var inode: Inode?
    private var otherInode: Inode?
    private var isRaised = false

    /// -1 when there is no descriptor left.
    mutating func open() -> Int32 {
        if descriptor >= 0 { return descriptor }
        let type = Int32(bitPattern: SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        var pair: (Int32, Int32) = (-1, -1)
        guard platform_socket_pair(type, &pair.0, &pair.1) == 0 else { return -1 }
        (descriptor, other) = pair
        (inode, otherInode) = (Inode(of: descriptor), Inode(of: other))
        if isRaised { raise() }
        return descriptor
    }

    /// Makes it readable, for good.
    mutating func raise() {
        isRaised = true
        guard other >= 0 else { return }
        if otherInode?.isReached(by: other) ?? false {
            // A forked child may hold a copy, so closing would not do.
            shutdown(other, Int32(SHUT_RDWR))
            _ = CPlatform.close(other)
        }
        other = -1
    }

    /// In a forked child: readable here, and in the parent as before. The copies are of the parent's sockets, so a pair of
    /// its own takes their place. They are closed first: there may be no further descriptors.
    mutating func raiseInChild() {
        guard !isRaised, descriptor >= 0, Inode(of: descriptor) == inode else { return }
        let number = descriptor
        close()
        isRaised = true
        let made = open()
        guard made >= 0, made != number else { return }
        dup3(made, number, O_CLOEXEC)
        _ = CPlatform.close(made)
        descriptor = number
    }

    /// Whoever closed them against the rules may have opened something else under their numbers.
    mutating func close() {
        inode?.close(descriptor)
        otherInode?.close(other)
        descriptor = -1
        other = -1
    }
}
