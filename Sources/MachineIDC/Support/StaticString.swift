internal import CPlatform

extension StaticString {
    /// The literal as a C string: the compiler ends it with NUL.
    var cString: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

/// Whether a C string holds the same bytes as a literal. Swift's String comparison would bring its Unicode tables.
func == (text: UnsafePointer<CChar>, literal: StaticString) -> Bool {
    strcmp(text, literal.cString) == 0
}
