import CJansson

/// A JSON object that jansson writes and reads. The keys stay in the order in which they were set.
final class JSONObject {
    private let object: UnsafeMutablePointer<json_t>?
    /// Whether jansson had memory for everything that was set. An incomplete object is never sent.
    private var isComplete = true

    init() { object = json_object() }

    /// Parses an object. Repeated keys are refused, because two readers could understand them as two different
    /// requests.
    init(parsing bytes: [UInt8]) throws(JSONFault) {
        var fault = json_error_t()
        let parsed = bytes.withUnsafeBytes {
            json_loadb(
                $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, Int(JSON_REJECT_DUPLICATES), &fault)
        }
        guard let parsed else {
            let what = json_error_code(&fault) == json_error_duplicate_key ? "repeats a key" : "is not JSON"
            throw JSONFault(message: "\(what) at line \(fault.line), column \(fault.column)")
        }
        guard parsed.pointee.type == JSON_OBJECT else {
            json_decref(parsed)
            throw JSONFault(message: "is not a JSON object")
        }
        object = parsed
    }

    /// An object within another one; nil when the value is something else.
    private init?(within value: UnsafeMutablePointer<json_t>?) {
        guard let value, value.pointee.type == JSON_OBJECT else { return nil }
        object = json_incref(value)
    }

    deinit { json_decref(object) }

    // MARK: Writing

    // The "nocheck" functions are safe here, because Swift's strings are valid UTF-8.

    func set(_ key: StaticString, _ value: String) {
        var value = value
        value.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { set(key, json_stringn_nocheck($0.baseAddress, $0.count)) }
        }
    }

    func set(_ key: StaticString, _ value: Int) { set(key, json_integer(json_int_t(value))) }

    func set(_ key: StaticString, _ value: Bool) { set(key, value ? json_true() : json_false()) }

    func set(_ key: StaticString, _ value: [JSONObject]) {
        let array = json_array()
        for element in value where !element.isComplete || json_array_append(array, element.object) != 0 {
            isComplete = false
        }
        set(key, array)
    }

    /// Sets a number, or null for nil.
    func set(_ key: StaticString, _ value: Int?) {
        if let value { set(key, value) } else { setNull(key) }
    }

    /// Sets a string, or null for nil.
    func set(_ key: StaticString, _ value: String?) {
        if let value { set(key, value) } else { setNull(key) }
    }

    func setNull(_ key: StaticString) { set(key, json_null()) }

    private func set(_ key: StaticString, _ value: UnsafeMutablePointer<json_t>?) {
        key.withUTF8Buffer { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                if json_object_set_new_nocheck(object, $0.baseAddress, value) != 0 { isComplete = false }
            }
        }
    }

    /// The object as compact text, which the caller frees with `free()`; nil without memory.
    func text() -> UnsafeMutablePointer<CChar>? { isComplete ? json_dumps(object, Int(JSON_COMPACT)) : nil }

    // MARK: Reading

    /// The keys in order.
    var keys: [String] {
        var keys: [String] = []
        var iterator = json_object_iter(object)
        while let current = iterator {
            keys.append(String(cString: json_object_iter_key(current)))
            iterator = json_object_iter_next(object, current)
        }
        return keys
    }

    /// A string; nil when the key is missing or has another type.
    func string(_ key: String) -> String? {
        guard let value = json_object_get(object, key), let bytes = json_string_value(value) else { return nil }
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: json_string_length(value)), as: UTF8.self)
    }

    /// A whole number; nil when the key is missing or has another type.
    func integer(_ key: String) -> Int? {
        guard let value = json_object_get(object, key), value.pointee.type == JSON_INTEGER else { return nil }
        return Int(json_integer_value(value))
    }

    /// A boolean; nil when the key is missing or has another type.
    func bool(_ key: String) -> Bool? {
        switch json_object_get(object, key)?.pointee.type {
        case JSON_TRUE: true
        case JSON_FALSE: false
        default: nil
        }
    }

    /// An object; nil when the key is missing or has another type.
    func object(_ key: String) -> JSONObject? { JSONObject(within: json_object_get(object, key)) }

    /// The elements of an array, nil for each that is not an object; nil when the key is missing or has another type.
    func array(_ key: String) -> [JSONObject?]? {
        guard let value = json_object_get(object, key), value.pointee.type == JSON_ARRAY else { return nil }
        return (0..<json_array_size(value)).map { JSONObject(within: json_array_get(value, $0)) }
    }
}

/// Why a text is no JSON object: the rest of a sentence about it.
struct JSONFault: Error {
    let message: String
}
