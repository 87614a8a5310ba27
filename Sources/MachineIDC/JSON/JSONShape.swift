/// Measures how deeply a JSON text nests and how many values it has, without parsing it. A parser recurses on the
/// caller's stack, and turns the two bytes "0," into some 70 bytes of memory, in the caller's time.
struct JSONShape {
    private let bytes: UnsafePointer<UInt8>
    private let count: Int

    init(_ bytes: UnsafePointer<UInt8>, count: Int) {
        self.bytes = bytes
        self.count = count
    }

    /// Whether the text may have more values than this. Each value but the first follows a bracket or a comma, and
    /// there are no more values than bytes.
    func exceeds(values: Int) -> Bool { count > values && openings &+ commas > values }

    /// An upper bound for the bytes that jansson takes to parse the text: for each value and its entry in its parent,
    /// for what makes it an object or array, and for strings, whose bytes are collected and then copied.
    var mostMemory: Int {
        let openings = openings
        return 1024 &+ (1 &+ openings &+ commas) &* 224 &+ openings &* 240 &+ count &* 6
    }

    /// The index where the text first nests deeper than this; nil where it does not. A text cannot nest deeper than its
    /// number of opening brackets, so one count decides for nearly every reply.
    func firstPlace(deeperThan depth: Int) -> Int? {
        openings > depth ? walk(depth) : nil
    }

    /// The number of opening brackets, those in strings included. "{" and "[" differ in one bit.
    private var openings: Int { countBytes(UInt8(ascii: "{"), ignoring: 0x20) }

    /// The number of commas, those in strings included.
    private var commas: Int { countBytes(UInt8(ascii: ","), ignoring: 0) }

    /// How many bytes equal `byte`, apart from `bits`; those in strings included. It counts in blocks, so that a
    /// block's counter fits into a byte and the compiler can process many bytes at once.
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

    /// Follows the brackets outside strings, and returns the index of the first one that nests deeper than `limit`.
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
