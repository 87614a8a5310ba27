internal import CJansson
internal import CPlatform

/// A JSON object that this library builds. Once memory is refused it stays incomplete, and `text()` returns nil.
struct JSONObject: ~Copyable {
    private let object: UnsafeMutablePointer<json_t>?
    /// Whether every member was stored.
    private var isWhole = true

    init() {
        object = json_object()
    }

    deinit { json_decref(object) }

    mutating func set(_ key: Literal, _ text: UnsafePointer<CChar>, count: Int) {
        set(key, json_stringn(text, count))
    }

    mutating func set(_ key: Literal, _ text: Message) {
        text.withBytes { bytes, count in
            set(key, bytes, count: count)
        }
    }

    /// Stores a C string; null when it is NULL.
    mutating func set(_ key: Literal, _ text: UnsafePointer<CChar>?) {
        set(key, text.map { json_string($0) } ?? json_null())
    }

    /// Stores a copy of another object. Without that object's memory, this one is incomplete too.
    mutating func set(_ key: Literal, _ other: borrowing JSONObject) {
        if !other.isWhole { isWhole = false }
        set(key, json_incref(other.object))
    }

    mutating func setFalse(_ key: Literal) { set(key, json_false()) }
    mutating func setNull(_ key: Literal) { set(key, json_null()) }

    /// The object as compact text; nil when memory was refused. It is written into a buffer of this library, because
    /// the host may have given jansson an allocator other than `malloc`.
    func text() -> ByteBuffer? {
        guard isWhole, let object else { return nil }
        var room = 500
        while true {
            var buffer = ByteBuffer()
            guard let start = buffer.extend(by: room) else { return nil }
            let size = UnsafeMutableRawPointer(start).withMemoryRebound(to: CChar.self, capacity: room) {
                json_dumpb(object, $0, room, Int(JSON_COMPACT))
            }
            guard size > 0 else { return nil }
            if size <= room {
                buffer.shorten(to: size)
                return buffer
            }
            room = size
        }
    }

    @inline(never)
    private mutating func set(_ key: Literal, _ value: UnsafeMutablePointer<json_t>?) {
        // jansson takes ownership of the value, even when the call fails.
        if json_object_set_new(object, key.cString, value) != 0 { isWhole = false }
    }
}
