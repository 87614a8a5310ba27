internal import CPlatform

/// One option's key and value, and the readings of it. Each says what is wrong by name, and what would be right.
struct OptionValue {
    let key: UnsafePointer<CChar>
    let value: JSONValue

    func integer(_ smallest: Int, _ largest: Int) throws(Failure) -> Int {
        guard let number = value.integer, number >= smallest, number <= largest else {
            throw Failure(.invalidOptions, "\(key) must be a whole number from \(smallest) to \(largest)")
        }
        return number
    }

    func string(mayBeEmpty: Bool = false) throws(Failure) -> UnsafePointer<CChar> {
        guard let text = value.string else { throw Failure(.invalidOptions, "\(key) must be a string") }
        guard mayBeEmpty || text[0] != 0 else { throw Failure(.invalidOptions, "\(key) must not be empty") }
        return text
    }

    /// Printable ASCII: a line feed in a header would begin another one.
    func headerText(maximumBytes: Int) throws(Failure) -> UnsafePointer<CChar> {
        let text = try string()
        var length = 0
        while length < maximumBytes, (0x20...0x7e).contains(text[length]) { length &+= 1 }
        guard text[length] == 0 else {
            throw Failure(.invalidOptions, "\(key) must be 1 to \(maximumBytes) bytes of printable ASCII")
        }
        // libcurl would leave the header out.
        if isBlank(text) { throw Failure(.invalidOptions, "\(key) must not be blank") }
        return text
    }

    /// One or several "sha256//BASE64", joined by ";". libcurl would take any other text for the name of a file.
    func pins() throws(Failure) -> UnsafePointer<CChar> {
        let text = try string()
        var pin = text
        while true {
            let end = pin + strcspn(pin, Literal(";").cString)
            guard isPin(pin, count: end - pin) else {
                throw Failure(.invalidOptions, "\(key) must be sha256//BASE64, or several joined by ;")
            }
            if end[0] == 0 { return text }
            pin = end + 1
        }
    }
}

/// A SHA-256 is 32 bytes: 43 characters of base64 and one "=".
private func isPin(_ text: UnsafePointer<CChar>, count: Int) -> Bool {
    let prefix: Literal = "sha256//"
    let alphabet: Literal = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    guard count == 8 &+ 44, strncmp(text, prefix.cString, 8) == 0 else { return false }
    let digest = text + 8
    return strspn(digest, alphabet.cString) == 43 && digest[43] == CChar(UInt8(ascii: "="))
}
