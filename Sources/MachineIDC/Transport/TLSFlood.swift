/// Counts TLS handshake messages since libcurl was last set to work.
///
/// OpenSSL skips a HelloRequest without a word to libcurl, and stays inside as long as they come: a server that sends
/// them without end would keep the driver past every deadline. So many at once are an attack.
struct TLSFlood {
    private static var limit: Int { 10_000 }
    private static var handshake: Int32 { 22 }

    private var messages = 0

    /// Whether a message of this type makes too many.
    mutating func grows(by type: Int32) -> Bool {
        guard type == TLSFlood.handshake else { return false }
        messages &+= 1
        return messages > TLSFlood.limit
    }
}
