internal import CPlatform

/// An owned C string, or no string. It is wiped before it is freed, because it may hold the org key or a proxy's
/// password.
struct CString: ~Copyable {
    /// The string; nil when there is none.
    let pointer: UnsafePointer<CChar>?

    /// No string.
    init() {
        pointer = nil
    }

    init(copyingIfGiven text: UnsafePointer<CChar>?) throws(Failure) {
        guard let text else {
            self.init()
            return
        }
        try self.init(copying: text)
    }

    init(copying text: UnsafePointer<CChar>) throws(Failure) {
        try self.init(copying: text, count: strlen(text))
    }

    init(copying bytes: UnsafePointer<CChar>, count: Int) throws(Failure) {
        guard let copy = malloc(count &+ 1) else { throw .outOfMemory }
        memcpy(copy, bytes, count)
        let text = copy.assumingMemoryBound(to: CChar.self)
        text[count] = 0
        pointer = UnsafePointer(text)
    }

    /// Copies a text without the white space at both ends. A text that is not UTF-8 is copied unchanged.
    init(trimming text: UnsafePointer<CChar>) throws(Failure) {
        guard let trimmed = UTF8Text(trimming: text) else {
            try self.init(copying: text)
            return
        }
        try self.init(copying: trimmed.start, count: trimmed.count)
    }

    /// The concatenation of two texts.
    init(joining first: UnsafePointer<CChar>, _ second: UnsafePointer<CChar>) throws(Failure) {
        var buffer = ByteBuffer()
        guard buffer.append(first, count: strlen(first)), buffer.append(second, count: strlen(second)) else {
            throw .outOfMemory
        }
        pointer = UnsafePointer(buffer.take())
    }

    deinit { wipeAndFree(UnsafeMutablePointer(mutating: pointer)) }

    static func == (text: borrowing CString, literal: Literal) -> Bool {
        text.pointer.map { $0 == literal } ?? false
    }
}

/// Wipes and frees a C string that may be secret.
@inline(never)
func wipeAndFree(_ text: UnsafeMutablePointer<CChar>?) {
    guard let text else { return }
    platform_erase(text, strlen(text))
    free(text)
}
