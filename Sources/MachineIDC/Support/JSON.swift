internal import CJansson
internal import CPlatform

/// An owned JSON document, parsed strictly.
struct JSON: ~Copyable {
    /// Deeper nesting is refused before it is parsed: jansson's parser recurses, at 84 bytes of stack a level, and the
    /// thread is the caller's.
    static var maximumDepth: Int { 64 }

    /// A hundred for each device of the largest plan.
    static var maximumValues: Int { 100_000 }

    private let document: UnsafeMutablePointer<json_t>

    /// Parses an object or an array, strictly: repeated keys, bytes after the end, NUL, and anything that is not UTF-8
    /// are refused.
    init(parsing bytes: UnsafePointer<UInt8>, count: Int) throws(JSONFault) {
        // jansson 2.14 reads past a NUL that follows true, false or null.
        if memchr(bytes, 0, count) != nil { throw JSONFault("holds a NUL") }
        let isTooLarge = JSONShape(bytes, count: count).exceeds(depth: JSON.maximumDepth, values: JSON.maximumValues)
        if isTooLarge { throw JSONFault("nests too deep or holds too many values") }
        var error = json_error_t()
        // jansson 2.14 aborts on a real number when another thread changes the locale meanwhile, so the parse runs in a
        // C locale that is this thread's alone.
        let before = uselocale(Process.cLocale)
        let parsed = UnsafeRawPointer(bytes).withMemoryRebound(to: CChar.self, capacity: count) {
            json_loadb($0, count, Int(JSON_REJECT_DUPLICATES), &error)
        }
        uselocale(before)
        guard let parsed else { throw JSONFault(error) }
        document = parsed
    }

    deinit { json_decref(document) }

    var root: JSONValue { JSONValue(document) }
}

/// What is wrong with a text that should be JSON. It quotes nothing of the text, which might hold a secret.
struct JSONFault: Error {
    /// The words that follow "the reply"; nil when memory was refused.
    let description: Literal?
    let line: Int
    let column: Int

    fileprivate init(_ description: Literal) {
        self.description = description
        (line, column) = (1, 1)
    }

    fileprivate init(_ error: json_error_t) {
        var error = error
        description =
            switch json_error_code(&error) {
            // Where jansson is refused memory for a value, it names no reason.
            case json_error_out_of_memory, json_error_unknown: nil
            case json_error_premature_end_of_input: "is not JSON: it ends too early"
            case json_error_end_of_input_expected: "is not JSON: something follows its end"
            case json_error_duplicate_key: "repeats a key"
            case json_error_invalid_utf8: "is not UTF-8"
            case json_error_null_character, json_error_null_byte_in_key: "holds a NUL"
            case json_error_numeric_overflow: "holds a number that is too large"
            default: "is not JSON"
            }
        line = Int(error.line)
        column = Int(error.column)
    }

}
