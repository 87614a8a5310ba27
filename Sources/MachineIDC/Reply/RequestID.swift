internal import CPlatform

/// The `request_id` of a reply, copied out of it. An id that is missing or longer than 64 bytes is kept as an empty
/// one.
struct RequestID {
    static var words: Int { 8 }

    /// The bytes of the id, filled up with NUL.
    private(set) var bytes: InlineArray<8, UInt>

    /// No id.
    init() { bytes = InlineArray(repeating: 0) }

    init(_ text: UnsafePointer<CChar>?) {
        self.init()
        let capacity = RequestID.words &* MemoryLayout<UInt>.size
        guard let text, strnlen(text, capacity &+ 1) <= capacity else { return }
        withUnsafeMutablePointer(to: &bytes) { room in
            _ = strncpy(UnsafeMutableRawPointer(room).assumingMemoryBound(to: CChar.self), text, capacity)
        }
    }

    init(words bytes: InlineArray<8, UInt>) { self.bytes = bytes }

    /// Calls `body` with the id; with NULL when there is none, or it is not printable ASCII without quotation marks and
    /// backslashes, so that it needs no escape in JSON and fits into one line of a log.
    func withText(_ body: (UnsafePointer<CChar>?) -> Void) {
        // A NUL follows the last word.
        var text = (bytes, UInt(0))
        withUnsafePointer(to: &text) { text in
            let start = UnsafeRawPointer(text).assumingMemoryBound(to: CChar.self)
            var length = 0
            while (0x21...0x7e).contains(start[length]), start[length] != 0x22, start[length] != 0x5c { length &+= 1 }
            body(length > 0 && start[length] == 0 ? start : nil)
        }
    }
}
