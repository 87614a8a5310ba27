internal import CJansson
internal import CPlatform

/// An owned JSON document, parsed strictly.
struct JSON: ~Copyable {
    /// Deeper nesting is refused before parsing: jansson's parser recurses and takes 84 bytes of stack for each level,
    /// on the caller's thread.
    static var maximumDepth: Int { 64 }

    /// One hundred values for each device of the largest plan.
    static var maximumValues: Int { 100_000 }

    private let document: UnsafeMutablePointer<json_t>

    /// Parses an object or an array strictly. Repeated keys, bytes after the end, NUL and invalid UTF-8 are refused.
    ///
    /// - Parameter integersOfAnySize: whether whole numbers may be too large for jansson. All are then read as
    ///   floating-point numbers, whose range is larger; nothing in the library uses their values.
    init(parsing bytes: UnsafePointer<UInt8>, count: Int, integersOfAnySize: Bool = false) throws(JSONFault) {
        // jansson 2.14 reads past a NUL that follows true, false or null.
        if let found = memchr(bytes, 0, count) {
            throw JSONFault("holds a NUL", in: bytes, at: UnsafeRawPointer(found) - UnsafeRawPointer(bytes))
        }
        let shape = JSONShape(bytes, count: count)
        if shape.exceeds(values: JSON.maximumValues) { throw JSONFault("holds too many values") }
        if let place = shape.firstPlace(deeperThan: JSON.maximumDepth) {
            throw JSONFault("nests too deep", in: bytes, at: place)
        }
        // jansson up to 2.15 does not check whether it got memory for the text of a string, and writes past its end. So
        // it is called only when all the memory that it may need is available.
        if platform_has_memory(shape.mostMemory) == 0 { throw JSONFault(nil) }
        var error = json_error_t()
        // jansson 2.14 aborts on a real number when another thread changes the locale during the parse, so this thread
        // parses in a C locale of its own.
        let before = uselocale(CLocale.locale)
        let parsed = UnsafeRawPointer(bytes).withMemoryRebound(to: CChar.self, capacity: count) {
            var parsed = json_loadb($0, count, Int(JSON_REJECT_DUPLICATES), &error)
            // Whole numbers are seldom that large, and take jansson longer to read as floating-point numbers.
            if parsed == nil, integersOfAnySize, json_error_code(&error) == json_error_numeric_overflow {
                parsed = json_loadb($0, count, Int(JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL), &error)
            }
            return parsed
        }
        uselocale(before)
        guard let parsed else { throw JSONFault(error, bytes, count: count) }
        document = parsed
    }

    deinit { json_decref(document) }

    /// The object or array. It must not outlive the document.
    var root: JSONValue { JSONValue(document) }
}

/// What is wrong with a text that should be JSON. It quotes nothing from the text, which may hold a secret.
struct JSONFault: Error {
    /// The words that follow "the reply"; nil when memory was refused.
    let description: Literal?
    /// Where the fault is, counted from 1; 0 when it has no single place.
    let line: Int
    let column: Int

    /// A fault without a place.
    fileprivate init(_ description: Literal?) {
        self.description = description
        (line, column) = (0, 0)
    }

    /// A fault at the byte with the index `place`.
    fileprivate init(_ description: Literal, in bytes: UnsafePointer<UInt8>, at place: Int) {
        self.description = description
        var (line, start) = (1, 0)
        for index in Indices(place) where bytes[index] == UInt8(ascii: "\n") { (line, start) = (line &+ 1, index &+ 1) }
        self.line = line
        column = place &- start &+ 1
    }

    /// A fault that jansson reported.
    fileprivate init(_ error: json_error_t, _ bytes: UnsafePointer<UInt8>, count: Int) {
        var error = error
        description =
            switch json_error_code(&error) {
            // jansson gives no reason when it is refused memory for a value.
            case json_error_out_of_memory, json_error_unknown: nil
            case json_error_premature_end_of_input: "is not JSON: it ends too early"
            case json_error_end_of_input_expected: "is not JSON: something follows its end"
            case json_error_duplicate_key: "repeats a key"
            case json_error_invalid_utf8: "is not UTF-8"
            case json_error_null_character, json_error_null_byte_in_key: "holds a NUL"
            case json_error_numeric_overflow: "holds a number that is too large"
            default: JSONFault.syntaxFault(&error, bytes, count: count)
            }
        line = Int(error.line)
        column = Int(error.column)
    }

    /// The description for jansson's general syntax error, with two cases told apart that are hard to see in a text.
    private static func syntaxFault(
        _ error: inout json_error_t, _ bytes: UnsafePointer<UInt8>, count: Int
    ) -> Literal {
        if count >= 3, bytes[0] == 0xef, bytes[1] == 0xbb, bytes[2] == 0xbf {
            return "is not JSON: it begins with a byte order mark"
        }
        // In jansson's message the escape itself follows this.
        let lead: Literal = "invalid Unicode '"
        let isSurrogate = withUnsafePointer(to: &error.text) {
            strncmp(UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self), lead.cString, strlen(lead.cString)) == 0
        }
        return isSurrogate ? "is not JSON: it holds a lone surrogate (\\ud800 to \\udfff)" : "is not JSON"
    }

    /// The failure with this fault, or `outOfMemory`.
    ///
    /// - Parameter subject: what the text is, as in "the reply"; this function takes ownership.
    func failure(_ status: Status, _ subject: Message) -> Failure {
        guard let description else {
            subject.destroy()
            return .outOfMemory
        }
        var message = subject
        message.append(destroying: " \(description)")
        if line > 0 { message.append(destroying: " (line \(line), column \(column))") }
        return Failure(status, message)
    }
}
