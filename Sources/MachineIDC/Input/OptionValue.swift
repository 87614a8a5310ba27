internal import CPlatform

/// The key and the value of one option. Each function checks the value, and throws a failure that names the option and
/// says what would be right.
struct OptionValue {
    let key: UnsafePointer<CChar>
    let value: JSONValue

    /// A whole number in this range.
    func integer(_ smallest: Int, _ largest: Int) throws(Failure) -> Int {
        guard let number = value.integer, number >= smallest, number <= largest else {
            throw Failure(.invalidOptions, "\(key) must be a whole number from \(smallest) to \(largest)")
        }
        return number
    }

    /// A string that lives as long as the options' JSON document.
    func string(mayBeEmpty: Bool = false) throws(Failure) -> UnsafePointer<CChar> {
        guard let text = value.string else { throw Failure(.invalidOptions, "\(key) must be a string") }
        guard mayBeEmpty || text[0] != 0 else { throw Failure(.invalidOptions, "\(key) must not be empty") }
        return text
    }

    /// A string for a header: 1 to `maximumBytes` bytes of printable ASCII, not blank. A line feed in it would begin
    /// another header.
    func headerText(maximumBytes: Int) throws(Failure) -> UnsafePointer<CChar> {
        let text = try string()
        var length = 0
        while length < maximumBytes, (0x20...0x7e).contains(text[length]) { length &+= 1 }
        guard text[length] == 0 else {
            throw Failure(.invalidOptions, "\(key) must be 1 to \(maximumBytes) bytes of printable ASCII")
        }
        // libcurl would omit a header without a value.
        if isOnlyWhiteSpace(text) { throw Failure(.invalidOptions, "\(key) must not be blank") }
        return text
    }

    /// One "sha256//BASE64", or several joined by ";". libcurl would take any other text for a file name.
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

/// Whether the text is "sha256//" and the base64 form of 32 bytes: 43 characters and one "=".
private func isPin(_ text: UnsafePointer<CChar>, count: Int) -> Bool {
    let prefix: Literal = "sha256//"
    let alphabet: Literal = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    guard count == 8 &+ 44, strncmp(text, prefix.cString, 8) == 0 else { return false }
    let digest = text + 8
    return strspn(digest, alphabet.cString) == 43 && digest[43] == CChar(UInt8(ascii: "="))
}
