internal import CPlatform

/// A growable array of bytes on the C heap, for data whose size is decided elsewhere. A failed allocation is reported,
/// where Swift's own collections would end the process. A NUL always follows the last byte.
struct ByteBuffer: ~Copyable {
    /// The first byte; nil before anything was appended.
    private(set) var base: UnsafeMutablePointer<UInt8>?
    private(set) var count = 0
    private var capacity = 0

    deinit { free(base) }

    /// Appends bytes. Returns false when memory is refused, and leaves the buffer as it was.
    mutating func append(_ source: UnsafeRawPointer, count length: Int) -> Bool {
        guard let room = extend(by: length) else { return false }
        memcpy(room, source, length)
        return true
    }

    /// Makes the buffer longer by `length` bytes and returns where they begin; nil when memory is refused.
    mutating func extend(by length: Int) -> UnsafeMutablePointer<UInt8>? {
        guard reserve(length), let base else { return nil }
        let room = base + count
        count &+= length
        base[count] = 0
        return room
    }

    /// Cuts the buffer to `length` bytes. Has no effect when it is not longer.
    mutating func shorten(to length: Int) {
        guard length >= 0, length < count, let base else { return }
        count = length
        base[length] = 0
    }

    /// Empties the buffer. Its memory is kept for the next use, unless it is more than 64 KiB.
    mutating func clear() {
        count = 0
        if capacity > 64 * 1024 {
            free(take())
        }
    }

    /// Passes the bytes to the caller, who must `free` them, and leaves the buffer empty.
    mutating func take() -> UnsafeMutablePointer<CChar>? {
        defer {
            base = nil
            count = 0
            capacity = 0
        }
        return UnsafeMutableRawPointer(base)?.assumingMemoryBound(to: CChar.self)
    }

    /// Makes room for `length` more bytes and the NUL. Returns false when memory is refused.
    private mutating func reserve(_ length: Int) -> Bool {
        let (used, overflow) = count.addingReportingOverflow(length)
        guard length >= 0, !overflow, used < Int.max / 2 else { return false }
        if used < capacity { return true }
        let wanted = max(used &* 2, 512)
        guard let grown = realloc(base, wanted) else { return false }
        base = grown.assumingMemoryBound(to: UInt8.self)
        capacity = wanted
        return true
    }
}
