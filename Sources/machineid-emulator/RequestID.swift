import Glibc

/// The correlation id of a request: a random UUID (version 4), in lower case.
struct RequestID: Sendable {
    let text: String

    init() {
        // One system call; SystemRandomNumberGenerator makes two. getentropy() does not fail for so few bytes.
        var bits: (UInt64, UInt64) = (0, 0)
        getentropy(&bits, MemoryLayout.size(ofValue: bits))
        self.init(bits.0, bits.1)
    }

    /// The UUID made of these 128 bits, six of which are replaced by the version and the variant.
    init(_ high: UInt64, _ low: UInt64) {
        let high = high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        text = String(unsafeUninitializedCapacity: 36) { text in
            var end = 0
            func append(_ character: UInt8) {
                text[end] = character
                end += 1
            }
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { append(UInt8(ascii: "-")) }
                let half = nibble < 16 ? high : low
                append(Self.digit(UInt8(half >> (60 - 4 * UInt64(nibble & 15)) & 15)))
            }
            return end
        }
    }

    private static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
