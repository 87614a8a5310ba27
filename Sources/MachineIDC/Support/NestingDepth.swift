/// How deep a JSON text nests, found without parsing it: a parser recurses, and the stack is the caller's.
struct NestingDepth {
    private let bytes: UnsafePointer<UInt8>
    private let count: Int

    init(_ bytes: UnsafePointer<UInt8>, count: Int) {
        self.bytes = bytes
        self.count = count
    }

    func exceeds(_ limit: Int) -> Bool {
        // No text nests deeper than it has opening brackets, which settles nearly every reply.
        openingBrackets > limit && walk(limit)
    }

    /// All opening brackets, those inside strings too. Counted in blocks, so that a block's counter fits into a byte and
    /// the compiler can take many bytes at once.
    private var openingBrackets: Int {
        var total = 0
        var start = 0
        while start < count {
            let end = min(start &+ 128, count)
            var found: UInt8 = 0
            while start < end {
                // Of "[" (0x5b) and "{" (0x7b), only one bit differs.
                found &+= bytes[start] | 0x20 == UInt8(ascii: "{") ? 1 : 0
                start &+= 1
            }
            total &+= Int(found)
        }
        return total
    }

    /// Follows the brackets outside strings until they are deeper than `limit`.
    private func walk(_ limit: Int) -> Bool {
        var depth = 0
        var isInString = false
        var index = 0
        while index < count, depth <= limit {
            switch bytes[index] {
            case UInt8(ascii: "\\") where isInString: index &+= 1
            case UInt8(ascii: "\""): isInString.toggle()
            case UInt8(ascii: "{") where !isInString, UInt8(ascii: "[") where !isInString: depth &+= 1
            case UInt8(ascii: "}") where !isInString, UInt8(ascii: "]") where !isInString: depth &-= 1
            default: break
            }
            index &+= 1
        }
        return depth > limit
    }
}
