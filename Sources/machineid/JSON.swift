internal import CJansson
internal import CTool

/// A JSON value of jansson.
final class JSON {
    private let raw: UnsafeMutablePointer<json_t>?

    /// Takes over a reference.
    private init(owning raw: UnsafeMutablePointer<json_t>?) { self.raw = raw }

    deinit { json_decref(raw) }

    static func object() -> JSON { JSON(owning: json_object()) }
    static func array() -> JSON { JSON(owning: json_array()) }

    /// nil when the text is not a JSON object or array.
    static func parse(_ text: UnsafePointer<CChar>) -> JSON? {
        json_loads(text, Int(JSON_REJECT_DUPLICATES), nil).map { JSON(owning: $0) }
    }

    private static func view(_ raw: UnsafeMutablePointer<json_t>?) -> JSON? {
        raw.map { JSON(owning: json_incref($0)) }
    }

    private func has(_ type: json_type) -> Bool { raw?.pointee.type == type }
    var isObject: Bool { has(JSON_OBJECT) }
    var isArray: Bool { has(JSON_ARRAY) }

    subscript(key: String) -> JSON? { JSON.view(json_object_get(raw, key)) }

    var string: String? { has(JSON_STRING) ? json_string_value(raw).map { String(cString: $0) } : nil }
    var integer: Int? { has(JSON_INTEGER) ? Int(json_integer_value(raw)) : nil }
    var bool: Bool? { has(JSON_TRUE) ? true : has(JSON_FALSE) ? false : nil }

    func string(_ key: String) -> String? { self[key]?.string }
    func integer(_ key: String) -> Int? { self[key]?.integer }
    func bool(_ key: String) -> Bool? { self[key]?.bool }

    /// The members of an object, in their order.
    var members: [(name: String, value: JSON)] {
        var members: [(name: String, value: JSON)] = []
        var at = json_object_iter(raw)
        while at != nil {
            if let name = json_object_iter_key(at), let value = JSON.view(json_object_iter_value(at)) {
                members.append((String(cString: name), value))
            }
            at = json_object_iter_next(raw, at)
        }
        return members
    }

    var count: Int { json_array_size(raw) }
    func element(_ index: Int) -> JSON? { JSON.view(json_array_get(raw, index)) }

    func set(_ key: String, _ value: String?) {
        json_object_set_new(raw, key, value.map { json_string($0) } ?? json_null())
    }
    func set(_ key: String, _ value: Int?) {
        json_object_set_new(raw, key, value.map { json_integer(json_int_t($0)) } ?? json_null())
    }
    func set(_ key: String, _ value: Bool) { json_object_set_new(raw, key, value ? json_true() : json_false()) }
    func set(_ key: String, _ value: JSON?) {
        json_object_set_new(raw, key, value?.raw.map { json_incref($0) } ?? json_null())
    }
    func remove(_ key: String) { json_object_del(raw, key) }
    /// Adds the members of another object that this one does not have.
    func addMissing(from other: JSON) { json_object_update_missing(raw, other.raw) }
    func append(_ value: JSON) { json_array_append_new(raw, value.raw.map { json_incref($0) }) }
    func append(_ value: String) { json_array_append_new(raw, json_string(value)) }

    /// The value on one line.
    var line: String {
        guard let text = json_dumps(raw, Int(JSON_COMPACT)) else { return "null" }
        defer { free(text) }
        return String(cString: text)
    }
}
