/// How deep and how wide a JSON text is, found without parsing it. A parser recurses, and the stack is the caller's; it
/// makes some 70 bytes of memory out of the two bytes "0,", and the time is the caller's too.
struct JSONShape {
    private let bytes: UnsafePointer<UInt8>
    private let count: Int

    init(_ bytes: UnsafePointer<UInt8>, count: Int) {
        self.bytes = bytes
        self.count = count
    }

    /// Each value but the first follows a bracket or a comma, and there are no more of them than bytes.
    func exceeds(values: Int) -> Bool { count > values && openings &+ commas > values }

    /// As many bytes as jansson may take while it parses the text, at most: for a value and its place among others, for
    /// what makes an object or an array of it, and for a string with its bytes that are put together and copied.
    var mostMemory: Int {
        let openings = openings
        return 1024 &+ (1 &+ openings &+ commas) &* 224 &+ openings &* 240 &+ count &* 6
    }

    /// Where the text first nests deeper than this; nil where it does not. No text nests deeper than it has opening
    /// brackets: one count settles nearly every reply.
    func firstPlace(deeperThan depth: Int) -> Int? {
        openings > depth ? walk(depth) : nil
    }

    /// Opening brackets, also inside strings: "{" and "[" differ in one bit.
    private var openings: Int { countBytes(UInt8(ascii: "{"), ignoring: 0x20) }

    private var commas: Int { countBytes(UInt8(ascii: ","), ignoring: 0) }

    /// How many bytes are `byte`, inside strings or out. Counted in blocks, so that a block's counter fits into a byte and
    /// the compiler can take many bytes at once.
    @inline(__always)
    private func countBytes(_ byte: UInt8, ignoring bits: UInt8) -> Int {
        var total = 0
        var start = 0
        while start < count {
            let end = min(start &+ 128, count)
            var found: UInt8 = 0
            while start < end {
                found &+= bytes[start] | bits == byte ? 1 : 0
                start &+= 1
            }
            total &+= Int(found)
        }
        return total
    }

    /// Follows the brackets outside strings until they are deeper than `limit`.
    private func walk(_ limit: Int) -> Int? {
        var depth = 0
        var isInString = false
        var index = 0
        while index < count {
            switch bytes[index] {
            case UInt8(ascii: "\\") where isInString: index &+= 1
            case UInt8(ascii: "\""): isInString.toggle()
            case UInt8(ascii: "{") where !isInString, UInt8(ascii: "[") where !isInString:
                depth &+= 1
                if depth > limit { return index }
            case UInt8(ascii: "}") where !isInString, UInt8(ascii: "]") where !isInString: depth &-= 1
            default: break
            }
            index &+= 1
        }
        return nil
    }
}
