internal import CPlatform

/// A string literal as a C string in the program text. The compiler ends it with NUL.
///
/// Swift's `StaticString` checks at each use whether it is a pointer, and traps when it is not. Here that is decided at
/// compile time, where the literal is written, and only the pointer is stored.
struct Literal: ExpressibleByStringLiteral, @unchecked Sendable {
    /// The string. It is never freed.
    let cString: UnsafePointer<CChar>

    @inline(__always)
    init(stringLiteral literal: StaticString) {
        cString = UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

/// Whether a C string equals a literal. Swift's String comparison would link its Unicode tables.
func == (text: UnsafePointer<CChar>, literal: Literal) -> Bool {
    strcmp(text, literal.cString) == 0
}

/// Whether a C string holds a literal.
func holds(_ text: UnsafePointer<CChar>, _ literal: Literal) -> Bool {
    strstr(text, literal.cString) != nil
}
