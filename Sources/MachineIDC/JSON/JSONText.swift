internal import CPlatform

/// Writes a JSON object member by member, without building it in memory first. Keys are constants that need no escape.
/// Once memory is refused it stays incomplete, and `take` returns NULL.
struct JSONText: ~Copyable {
    private var buffer = ByteBuffer()
    private var isWhole = true
    /// Whether a member was written since the last bracket, so that the next one follows a comma.
    private var needsComma = false

    /// Begins the object.
    init() { append("{") }

    /// Begins an object in the object.
    @inline(never)
    mutating func open(_ key: Literal) {
        set(key, text: "{")
        needsComma = false
    }

    /// Ends the object that was begun last.
    @inline(never)
    mutating func close() {
        append("}")
        needsComma = true
    }

    /// Writes a number that is not negative.
    @inline(never)
    mutating func set(_ key: Literal, _ number: Int) {
        set(key, text: "")
        append(number)
    }

    /// Writes null.
    mutating func setNull(_ key: Literal) { set(key, text: "null") }

    /// Writes a string that needs no escape; null when it is NULL.
    @inline(never)
    mutating func set(_ key: Literal, string: UnsafePointer<CChar>?) {
        guard let string else { return setNull(key) }
        set(key, text: "\"")
        append(text: string)
        append("\"")
    }

    /// Ends the object and passes the text to the caller, malloc'd; NULL when memory was refused.
    mutating func take() -> UnsafeMutablePointer<CChar>? {
        close()
        return isWhole ? buffer.take() : nil
    }

    /// Writes a key, and the beginning of its value.
    private mutating func set(_ key: Literal, text: Literal) {
        append(needsComma ? ",\"" : "\"")
        append(key)
        append("\":")
        append(text)
        needsComma = true
    }

    private mutating func append(_ literal: Literal) { append(text: literal.cString) }

    private mutating func append(text: UnsafePointer<CChar>) {
        append(bytes: text, count: strlen(text))
    }

    @inline(never)
    private mutating func append(bytes: UnsafeRawPointer, count: Int) {
        if !buffer.append(bytes, count: count) { isWhole = false }
    }

    private mutating func append(_ number: Int) {
        if number > 9 { append(number / 10) }
        var digit = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number % 10)
        append(bytes: &digit, count: 1)
    }
}
