internal import CPlatform

/// The descriptor of a guard, made when somebody asks for it: one end of a pair of sockets. Whoever asks is given the one,
/// which is silent until it is shut down from either end, and at the end of its input from then on, however often it is
/// read.
struct GuardSignal: ~Copyable {
    private var given: OwnDescriptor?
    private var other: OwnDescriptor?
    private var isRaised = false

    /// nil when there is none, or none any more.
    var descriptor: Int32? { given?.current }

    /// -1 when there is no descriptor left.
    mutating func open() -> Int32 {
        if let descriptor { return descriptor }
        close()
        let type = Int32(bitPattern: SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        var pair: (Int32, Int32) = (-1, -1)
        guard platform_socket_pair(type, &pair.0, &pair.1) == 0 else { return -1 }
        (given, other) = (OwnDescriptor(pair.0), OwnDescriptor(pair.1))
        if isRaised { raise() }
        return descriptor ?? -1
    }

    /// Makes it readable, for good.
    mutating func raise() {
        isRaised = true
        // A forked child may hold a copy, so closing would not do.
        if let end = other?.current ?? descriptor { shutdown(end, Int32(SHUT_RDWR)) }
        other?.close()
        other = nil
    }

    /// In a forked child: readable here, and in the parent as before. The copies are of the parent's sockets, so a pair of
    /// its own takes their place. They are closed first: there may be no further descriptors.
    mutating func raiseInChild() {
        guard !isRaised, let number = descriptor else { return }
        close()
        isRaised = true
        let made = open()
        guard made >= 0, made != number else { return }
        // Under the same number as in the parent, which is free now. Whatever had come to stand there would stay.
        let copy = OwnDescriptor(platform_duplicate(made, number))
        let isThere = copy?.current == number
        (isThere ? given : copy)?.close()
        if isThere { given = copy }
    }

    mutating func close() {
        given?.close()
        other?.close()
        (given, other) = (nil, nil)
    }
}
