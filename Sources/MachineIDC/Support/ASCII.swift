/// Whether a text is this literal but for the case of ASCII letters. `strcasecmp` goes by the locale of the host, and in
/// some of them an "I" is no capital "i".
func equalsIgnoringCase(_ text: UnsafePointer<CChar>, count: Int, _ literal: Literal) -> Bool {
    var index = 0
    while index < count {
        let expected = literal.cString[index]
        guard expected != 0, lowercased(text[index]) == lowercased(expected) else { return false }
        index &+= 1
    }
    return literal.cString[index] == 0
}

private func lowercased(_ character: CChar) -> CChar {
    (0x41...0x5a).contains(character) ? character | 0x20 : character
}
