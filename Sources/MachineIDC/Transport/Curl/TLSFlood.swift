/// Counts the TLS handshake messages in one run of libcurl.
///
/// OpenSSL skips a HelloRequest without returning to libcurl. A server that sends them without end would keep the
/// driver inside past every deadline. So many in one run are an attack.
struct TLSFlood {
    /// How many handshake messages one run may bring.
    private static var limit: Int { 10_000 }
    /// The TLS content type of handshake messages.
    private static var handshake: Int32 { 22 }

    private var messages = 0

    /// Counts a message of this type. Returns whether there are too many handshake messages.
    mutating func grows(by type: Int32) -> Bool {
        guard type == TLSFlood.handshake else { return false }
        messages &+= 1
        return messages > TLSFlood.limit
    }
}
