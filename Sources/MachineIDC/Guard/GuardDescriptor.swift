internal import CPlatform

/// The descriptor of a guard: one end of a socket pair, made when the host first asks for it. Nothing is ever written
/// to the pair. When either end is shut down, the host's end becomes readable, reports the end of input, and stays so
/// however often it is read.
struct GuardDescriptor: ~Copyable {
    /// The end that the host polls.
    private var given: OwnedDescriptor?
    /// The end that is shut down to make the other one readable.
    private var other: OwnedDescriptor?
    /// Whether the descriptor is readable, or will be once it is made.
    private var isReadable = false

    /// The host's descriptor; nil when none has been made, or the host has closed it.
    var number: Int32? { given?.current }

    /// The host's descriptor, made if there is none; -1 when no descriptor is left.
    mutating func open() -> Int32 {
        if let number { return number }
        close()
        var pair: (Int32, Int32) = (-1, -1)
        guard platform_socket_pair(&pair.0, &pair.1) == 0 else { return -1 }
        (given, other) = (OwnedDescriptor(pair.0), OwnedDescriptor(pair.1))
        if isReadable { makeReadable() }
        return number ?? -1
    }

    /// Makes the descriptor readable for good.
    mutating func makeReadable() {
        isReadable = true
        // Closing would not be enough, because a forked child may hold a copy.
        if let end = other?.current ?? number { shutdown(end, Int32(SHUT_RDWR)) }
        other?.close()
        other = nil
    }

    /// Makes the descriptor readable in a forked child and leaves the parent's as it is. The inherited descriptors are
    /// copies of the parent's sockets, so a new pair replaces them. They are closed first, because there may be no
    /// descriptors beyond them.
    mutating func makeReadableInChild() {
        guard !isReadable, let number else { return }
        close()
        isReadable = true
        let made = open()
        guard made >= 0, made != number else { return }
        // The new descriptor gets the same number as in the parent, which is free now. If the host has opened something
        // under that number meanwhile, the duplicate gets another number and the host's file stays.
        let copy = OwnedDescriptor(platform_duplicate(made, number))
        let isThere = copy?.current == number
        (isThere ? given : copy)?.close()
        if isThere { given = copy }
    }

    /// Closes both ends.
    mutating func close() {
        given?.close()
        other?.close()
        (given, other) = (nil, nil)
    }
}
