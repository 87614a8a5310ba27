internal import CPlatform

/// Whether a text equals a literal apart from the case of ASCII letters. The result is the same in every locale;
/// `strcasecmp` uses the host's locale, and in a Turkish one "I" is not "i".
@inline(never)
func equalsIgnoringCase(_ text: UnsafePointer<CChar>, count: Int, _ literal: Literal) -> Bool {
    count == strlen(literal.cString) && equalsIgnoringCase(text, literal.cString, count: count)
}

/// The same for two texts of the same length.
func equalsIgnoringCase(_ text: UnsafePointer<CChar>, _ other: UnsafePointer<CChar>, count: Int) -> Bool {
    var index = 0
    while index < count, lowerCase(text[index]) == lowerCase(other[index]) { index &+= 1 }
    return index == count
}

@inline(__always)
private func lowerCase(_ byte: CChar) -> CChar {
    (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
}
