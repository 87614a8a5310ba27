/// A C string, checked as UTF-8 and trimmed of white space at both ends in the same way as Python's `str.strip`, so
/// that a device has the same name in every client. It is a view and lives as long as the caller's string.
struct UTF8Text {
    private(set) var start: UnsafePointer<CChar>
    private(set) var count: Int

    /// nil when the bytes are not UTF-8.
    init?(trimming text: UnsafePointer<CChar>) {
        start = text
        count = 0
        var position = 0  // of the current character
        var isLeading = true
        while let character = UTF8Character(at: text + position) {
            position &+= character.length
            if !character.isWhiteSpace {
                isLeading = false
                count = (text + position) - start
            } else if isLeading {
                start = text + position
            }
        }
        guard text[position] == 0 else { return nil }
    }

    var isEmpty: Bool { count == 0 }
}

/// Whether a text holds nothing but white space.
func isOnlyWhiteSpace(_ text: UnsafePointer<CChar>) -> Bool {
    UTF8Text(trimming: text)?.isEmpty ?? false
}

/// One character of UTF-8, decoded strictly: no overlong form, no surrogate, nothing past U+10FFFF.
private struct UTF8Character {
    let scalar: UInt32
    let length: Int

    /// nil at the terminating NUL and where the bytes are not UTF-8. Does not read past the NUL.
    init?(at bytes: UnsafePointer<CChar>) {
        let first = UInt8(bitPattern: bytes[0])
        let smallest: UInt32
        switch first {
        case 0x01...0x7f: (scalar, length) = (UInt32(first), 1); return
        case 0xc2...0xdf: (length, smallest) = (2, 0x80)
        case 0xe0...0xef: (length, smallest) = (3, 0x800)
        case 0xf0...0xf4: (length, smallest) = (4, 0x1_0000)
        default: return nil
        }
        var value = UInt32(first) & (0x7f >> UInt32(length))
        for index in 1..<length {
            let next = UInt8(bitPattern: bytes[index])
            guard next & 0xc0 == 0x80 else { return nil }
            value = value << 6 | UInt32(next & 0x3f)
        }
        guard value >= smallest, value <= 0x10_ffff, !(0xd800...0xdfff).contains(value) else { return nil }
        scalar = value
    }

    /// Whether Python's `str.strip` removes the character.
    var isWhiteSpace: Bool {
        switch scalar {
        case 0x09...0x0d, 0x1c...0x20, 0x85, 0xa0, 0x1680, 0x2000...0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000: true
        default: false
        }
    }
}
