import Glibc

/// An address of this machine that no other machine can reach.
///
/// The emulator gives permissions to anyone with a made-up key, so it must not be reachable from a network.
enum LoopbackAddress: Equatable {
    /// 127.0.0.0/8, in host byte order.
    case v4(UInt32)
    /// ::1, the only one there is.
    case v6

    static let standard = LoopbackAddress.v4(0x7F00_0001)

    /// nil unless this is a numeric loopback address, or localhost.
    init?(_ text: String) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if text == "localhost" {
            self = .standard
        } else if inet_pton(AF_INET, text, &v4) == 1 {
            let address = UInt32(bigEndian: v4.s_addr)
            guard address >> 24 == 127 else { return nil }
            self = .v4(address)
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            guard withUnsafeBytes(of: v6, { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }) else { return nil }
            self = .v6
        } else {
            return nil
        }
    }

    /// The address as it is written in a URL.
    var urlHost: String {
        switch self {
        case .v4(let address): (0..<4).map { String(address >> (24 - 8 * $0) & 0xFF) }.joined(separator: ".")
        case .v6: "[::1]"
        }
    }
}
