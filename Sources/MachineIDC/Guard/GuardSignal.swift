internal import CPlatform

/// The descriptor of a guard, made when somebody asks for it.
///
/// A datagram socket that nobody can send to: silent until it is shut down for reading, and readable from then on, however
/// often it is read.
struct GuardSignal: ~Copyable {
    private(set) var descriptor: Int32 = -1
    private var inode: ino_t = 0
    private var isRaised = false

    /// -1 when there is no descriptor left.
    mutating func open() -> Int32 {
        if descriptor >= 0 { return descriptor }
        let type = Int32(bitPattern: SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_UNIX, type, 0)
        var status = stat()
        if descriptor >= 0, fstat(descriptor, &status) == 0 { inode = status.st_ino }
        if isRaised { raise() }
        return descriptor
    }

    /// Makes it readable, for good.
    mutating func raise() {
        isRaised = true
        if descriptor >= 0 { shutdown(descriptor, Int32(SHUT_RD)) }
    }

    /// In a forked child: readable here, and in the parent as before. The child's copy is of the parent's socket, so one of
    /// its own takes the place.
    mutating func raiseInChild() {
        guard isOurs else { return }
        var own = GuardSignal()
        let made = own.open()
        guard made >= 0 else { return }
        own.raise()
        dup3(made, descriptor, O_CLOEXEC)
        own.close()
        var status = stat()
        if fstat(descriptor, &status) == 0 { inode = status.st_ino }
        isRaised = true
    }

    mutating func close() {
        if isOurs { _ = CPlatform.close(descriptor) }
        descriptor = -1
    }

    /// Whoever closed it against the rules may have opened something else under its number.
    private var isOurs: Bool {
        var status = stat()
        return descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_ino == inode
    }
}
