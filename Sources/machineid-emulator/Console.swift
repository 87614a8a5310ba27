import Glibc

/// Writes a text, in a single write where the system allows it, so that the lines of several threads do not mix. A
/// failure is ignored: the emulator does not stop because a reader has gone away.
func write(_ text: String, to descriptor: CInt) {
    var text = text
    text.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written < 0 && errno == EINTR { continue }
            if written <= 0 { return }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}
