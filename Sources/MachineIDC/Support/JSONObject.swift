internal import CJansson
internal import CPlatform

/// A JSON object of ours in the making. Once memory is refused it stays broken, and `text()` says so.
struct JSONObject: ~Copyable {
    private let object: UnsafeMutablePointer<json_t>?
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

    mutating func setFalse(_ key: Literal) { set(key, json_false()) }
    mutating func setNull(_ key: Literal) { set(key, json_null()) }

    /// The compact text, malloc'd; nil when memory was refused. Written into memory of ours, since a host may have given
    /// jansson an allocator that is not `malloc`.
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

    private mutating func set(_ key: Literal, _ value: UnsafeMutablePointer<json_t>?) {
        // jansson takes the value over, also when it fails.
        if json_object_set_new(object, key.cString, value) != 0 { isWhole = false }
    }
}
