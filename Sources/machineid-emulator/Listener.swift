import Glibc

/// A socket that listens on a loopback address.
///
/// It is made here and not by libmicrohttpd, to report the reason when that fails, and to find out the port that port 0
/// became.
struct Listener {
    /// The receiver of the listener owns the descriptor.
    let descriptor: CInt
    let url: String

    init(_ address: LoopbackAddress, port: UInt16) throws(Failure) {
        var name = SocketName(address, port)
        descriptor = socket(
            CInt(name.family), CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard
            descriptor >= 0,
            // A new emulator can take the port of one that has just ended, whose connections are still in TIME_WAIT. A
            // port that another process listens on stays taken.
            Self.enable(SO_REUSEADDR, SOL_SOCKET, descriptor),
            // Accepted sockets inherit this: replies are small, and must not wait for the acknowledgement of the
            // previous one.
            Self.enable(TCP_NODELAY, CInt(IPPROTO_TCP), descriptor),
            name.bind(descriptor),
            listen(descriptor, 4096) == 0,
            name.read(descriptor)
        else {
            let reason = Self.reason(errno)
            close(descriptor)
            throw Failure(status: 1, "cannot listen on \(address.urlHost) port \(port): \(reason)")
        }
        url = "http://\(address.urlHost):\(name.port)"
    }

    /// The text for an `errno`, with advice.
    private static func reason(_ error: CInt) -> String {
        switch error {
        case EADDRINUSE: "it is in use; choose another with --port, or 0 for a free one"
        case EACCES: "ports below 1024 are for root; choose another with --port, or 0 for a free one"
        case EADDRNOTAVAIL, EAFNOSUPPORT: "this machine has no such address; choose another with --host"
        default: String(cString: strerror(error))
        }
    }

    private static func enable(_ option: CInt, _ level: CInt, _ descriptor: CInt) -> Bool {
        var on: CInt = 1
        return setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<CInt>.size)) == 0
    }
}

/// An IPv4 or IPv6 socket address.
private struct SocketName {
    private var storage: sockaddr_storage
    private var length: socklen_t

    init(_ address: LoopbackAddress, _ port: UInt16) {
        storage = sockaddr_storage()
        switch address {
        case .v4(let host):
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) {
                var name = sockaddr_in()
                name.sin_family = sa_family_t(AF_INET)
                name.sin_port = port.bigEndian
                name.sin_addr.s_addr = host.bigEndian
                $0.storeBytes(of: name, as: sockaddr_in.self)
            }
        case .v6:
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) {
                var name = sockaddr_in6()
                name.sin6_family = sa_family_t(AF_INET6)
                name.sin6_port = port.bigEndian
                name.sin6_addr = in6addr_loopback
                $0.storeBytes(of: name, as: sockaddr_in6.self)
            }
        }
    }

    var family: sa_family_t { storage.ss_family }

    /// The port, which is at the same offset in both families.
    var port: UInt16 {
        withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)) }
    }

    func bind(_ descriptor: CInt) -> Bool {
        withUnsafeBytes(of: storage) {
            Glibc.bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, length) == 0
        }
    }

    /// Reads the address that the socket is bound to.
    mutating func read(_ descriptor: CInt) -> Bool {
        var length = length
        return withUnsafeMutableBytes(of: &storage) {
            getsockname(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, &length) == 0
        }
    }
}
