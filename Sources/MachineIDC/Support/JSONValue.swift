internal import CJansson
internal import CPlatform

/// A value inside a `JSON`, borrowed: it lives as long as the document.
struct JSONValue {
    private let value: UnsafeMutablePointer<json_t>

    init(_ value: UnsafeMutablePointer<json_t>) { self.value = value }

    var isObject: Bool { value.pointee.type == JSON_OBJECT }
    var isTrue: Bool { value.pointee.type == JSON_TRUE }
    var isFalse: Bool { value.pointee.type == JSON_FALSE }

    var integer: Int? {
        value.pointee.type == JSON_INTEGER ? Int(truncatingIfNeeded: json_integer_value(value)) : nil
    }

    /// UTF-8, without a NUL inside.
    var string: UnsafePointer<CChar>? { json_string_value(value) }

    subscript(key: Literal) -> JSONValue? {
        json_object_get(value, key.cString).map(JSONValue.init)
    }

    /// Calls `body` with each key and value of an object, in the order of the text.
    func forEachMember(_ body: (UnsafePointer<CChar>, JSONValue) throws(Failure) -> Void) throws(Failure) {
        var iterator = json_object_iter(value)
        while let current = iterator {
            guard let key = json_object_iter_key(current), let member = json_object_iter_value(current) else { return }
            try body(key, JSONValue(member))
            iterator = json_object_iter_next(value, current)
        }
    }
}
