internal import CPlatform

/// One line for a person, in printable ASCII, of bounded length and without a heap: it can be made when memory is gone.
///
/// Written as an interpolated literal: `"no answer within \(limit) ms"`. What a server or a caller put into it cannot
/// break the line: every byte outside printable ASCII becomes a question mark.
struct Message: ExpressibleByStringInterpolation {
    private static var capacity: Int { 320 }

    private var bytes = InlineArray<320, UInt8>(repeating: 0)
    private var count = 0

    init() {}

    init(stringLiteral text: StaticString) {
        append(text)
    }

    init(stringInterpolation interpolation: Interpolation) {
        self = interpolation.message
    }

    mutating func append(_ text: StaticString) {
        append(text.utf8Start, count: text.utf8CodeUnitCount)
    }

    /// Appends a C string; NULL appends nothing.
    mutating func append(_ text: UnsafePointer<CChar>?) {
        guard let text else { return }
        append(UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: strlen(text))
    }

    mutating func append(_ text: UnsafePointer<UInt8>, count length: Int) {
        var index = 0
        while index < length, count < Message.capacity {
            let byte = text[index]
            bytes[unchecked: count] = byte >= 0x20 && byte < 0x7f ? byte : UInt8(ascii: "?")
            count &+= 1
            index &+= 1
        }
    }

    mutating func append(_ other: Message) {
        other.withBytes { append($0, count: $1) }
    }

    mutating func append(_ number: Int) {
        var rest = number.magnitude
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = 20
        repeat {
            first &-= 1
            digits[unchecked: first] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if number < 0 { append("-") }
        while first < 20 {
            var digit = digits[unchecked: first]
            append(&digit, count: 1)
            first &+= 1
        }
    }

    func withBytes<Result>(_ body: (UnsafePointer<UInt8>, Int) -> Result) -> Result {
        bytes.span.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return body(("" as StaticString).utf8Start, 0) }
            return body(base, count)
        }
    }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var message = Message()

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ text: StaticString) { message.append(text) }
        mutating func appendInterpolation(_ text: StaticString) { message.append(text) }
        mutating func appendInterpolation(_ text: UnsafePointer<CChar>?) { message.append(text) }
        mutating func appendInterpolation(_ number: Int) { message.append(number) }
    }
}
