internal import CPlatform

/// One line of text for a person, in printable ASCII and of bounded length.
///
/// It is written as an interpolated literal: `"no answer within \(limit) ms"`. Interpolated text from a server or a
/// caller cannot break the line: every byte outside printable ASCII becomes a question mark.
///
/// The text is on the C heap, so that a message is small to pass along inside a `Failure`. It has no owner that frees
/// it: the code that reports the failure calls `destroy` once. Without memory a message is empty.
struct Message: ExpressibleByStringInterpolation, @unchecked Sendable {
    /// The longest message in bytes. Anything beyond it is cut off.
    static var capacity: Int { 400 }

    private let text: UnsafeMutablePointer<UInt8>?
    private var count = 0

    init() {
        text = malloc(Message.capacity)?.assumingMemoryBound(to: UInt8.self)
    }

    @inline(__always)
    init(stringLiteral literal: StaticString) {
        self.init(Literal(stringLiteral: literal))
    }

    @inline(never)
    private init(_ literal: Literal) {
        self.init()
        append(literal)
    }

    init(stringInterpolation interpolation: Interpolation) {
        self = interpolation.message
    }

    /// Whether there was no memory for the text.
    var isEmpty: Bool { count == 0 }

    /// Frees the text.
    func destroy() { free(text) }

    mutating func append(_ literal: Literal) {
        append(literal.cString)
    }

    /// Appends a C string as far as there is room; NULL appends nothing.
    @inline(never)
    mutating func append(_ string: UnsafePointer<CChar>?) {
        guard let string, let text else { return }
        var next = string
        while next[0] != 0, count < Message.capacity {
            let byte = UInt8(bitPattern: next[0])
            text[count] = byte >= 0x20 && byte < 0x7f ? byte : UInt8(ascii: "?")
            count &+= 1
            next += 1
        }
    }

    /// Appends another message, and frees it.
    @inline(never)
    mutating func append(destroying other: Message) {
        guard let text, let bytes = other.text else { return other.destroy() }
        let length = min(other.count, Message.capacity &- count)
        memcpy(text + count, bytes, length)
        count &+= length
        other.destroy()
    }

    mutating func append(_ number: Int) {
        let rest = number.magnitude / 10
        if number < 0 { append("-") }
        if rest > 0 { append(Int(truncatingIfNeeded: rest)) }
        guard let text, count < Message.capacity else { return }
        text[count] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number.magnitude % 10)
        count &+= 1
    }

    /// Calls `body` with the text and its length. The text does not end with NUL.
    func withBytes<Result>(_ body: (UnsafePointer<CChar>, Int) -> Result) -> Result {
        guard let text else { return body(Literal("").cString, 0) }
        return body(UnsafeRawPointer(text).assumingMemoryBound(to: CChar.self), count)
    }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var message = Message()

        init(literalCapacity: Int, interpolationCount: Int) {}

        @inline(__always)
        mutating func appendLiteral(_ literal: StaticString) { message.append(Literal(stringLiteral: literal)) }

        mutating func appendInterpolation(_ literal: Literal) { message.append(literal) }
        mutating func appendInterpolation(_ string: UnsafePointer<CChar>?) { message.append(string) }
        mutating func appendInterpolation(_ number: Int) { message.append(number) }
    }
}
