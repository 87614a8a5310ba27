/// Counts what TLS receives in one run of libcurl.
///
/// OpenSSL does not return to libcurl while it skips a HelloRequest, nor within a message that comes in many records. A
/// server that sends either without end would keep the driver inside past every deadline.
struct TLSFlood {
    /// How many handshake messages one run may bring.
    private static var limit: Int { 10_000 }
    /// The TLS content type of handshake messages.
    private static var handshake: Int32 { 22 }

    /// The clock is read once in so many events in a row. An ordinary handshake has fewer.
    private static var eventsBetweenChecks: Int { 64 }

    private var messages = 0
    /// Messages and heads of records since OpenSSL last returned.
    private var events = 0

    /// Counts a message or the head of a record, of this type. Returns true for one in 64 in a row, which is to read
    /// the clock.
    mutating func count(_ type: Int32) -> Bool {
        if type == TLSFlood.handshake { messages &+= 1 }
        events &+= 1
        return events % TLSFlood.eventsBetweenChecks == 0
    }

    /// Whether there were more handshake messages than any server sends.
    var isExcessive: Bool { messages > TLSFlood.limit }

    /// OpenSSL has returned.
    mutating func end() { events = 0 }
}
