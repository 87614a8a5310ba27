internal import CTool

/// Bytes that are secret. They are wiped before their memory is freed.
final class SecretBytes {
    let base: UnsafeMutablePointer<UInt8>
    let capacity: Int
    fileprivate(set) var count = 0

    /// nil when memory is refused.
    init?(capacity: Int) {
        guard let memory = calloc(capacity + 1, 1) else { return nil }
        base = memory.assumingMemoryBound(to: UInt8.self)
        self.capacity = capacity
    }

    deinit {
        tool_erase(base, capacity)
        free(base)
    }

    /// Copies at most `capacity` bytes.
    func fill(from bytes: UnsafePointer<CChar>, count: Int) {
        self.count = min(count, capacity)
        memcpy(base, bytes, self.count)
    }

    /// Reads up to the end or to the capacity. Returns false on an error.
    func fill(from descriptor: CInt) -> Bool {
        while count < capacity {
            let got = read(descriptor, base + count, capacity - count)
            if got < 0 && tool_errno() == EINTR { continue }
            if got < 0 { return false }
            if got == 0 { return true }
            count += got
        }
        return true
    }
}

/// Reads all of standard input.
enum StandardInput {
    static func read() throws(Failure) -> [UInt8] {
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            let got = block.withUnsafeMutableBytes { CTool.read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if got < 0 && tool_errno() == EINTR { continue }
            if got < 0 {
                throw .usage("--stdin: standard input cannot be read: \(String(cString: strerror(tool_errno())))")
            }
            if got == 0 { return all }
            all += block[..<got]
        }
    }
}
