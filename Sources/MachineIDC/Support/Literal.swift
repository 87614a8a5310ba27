internal import CPlatform

/// A string literal as the C string that it is in the program text; the compiler ends it with NUL.
///
/// Swift's `StaticString` checks at every use whether it is a pointer, and traps when it is not. Here that is settled
/// where the literal stands, at compile time, and a pointer is all that is left.
struct Literal: ExpressibleByStringLiteral, @unchecked Sendable {
    let cString: UnsafePointer<CChar>

    @inline(__always)
    init(stringLiteral literal: StaticString) {
        cString = UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

/// Whether a C string holds the same bytes as a literal. Swift's String comparison would bring its Unicode tables.
func == (text: UnsafePointer<CChar>, literal: Literal) -> Bool {
    strcmp(text, literal.cString) == 0
}
