internal import CJansson
internal import CPlatform

/// A value in a `JSON` document. It is borrowed and must not outlive the document.
struct JSONValue {
    private let value: UnsafeMutablePointer<json_t>

    init(_ value: UnsafeMutablePointer<json_t>) { self.value = value }

    var isObject: Bool { value.pointee.type == JSON_OBJECT }
    var isTrue: Bool { value.pointee.type == JSON_TRUE }
    var isFalse: Bool { value.pointee.type == JSON_FALSE }

    /// The value of an integer; nil for any other type.
    var integer: Int? {
        value.pointee.type == JSON_INTEGER ? Int(truncatingIfNeeded: json_integer_value(value)) : nil
    }

    /// The text of a string, UTF-8 without a NUL; nil for any other type.
    var string: UnsafePointer<CChar>? { json_string_value(value) }

    /// The member of an object; nil when it has no such key, or this is not an object.
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
