internal import CPlatform

extension Message {
    /// Replaces a secret in the text by asterisks, whatever the case of its letters, and also where the text was cut
    /// off within it. White space around the secret does not count. A secret of fewer than 8 bytes is not hidden.
    @inline(never)
    func hide(_ secret: UnsafePointer<CChar>?) {
        guard let secret else { return }
        let space: Literal = " \t\r\n"
        let start = secret + strspn(secret, space.cString)
        let length = strcspn(start, space.cString)
        guard length >= 8 else { return }
        withBytes { text, count in
            let bytes = UnsafeMutablePointer(mutating: text)
            var index = 0
            while index &+ 8 <= count {
                let part = min(length, count &- index)
                let isThere = part == length || count == Message.capacity
                if isThere, equalsIgnoringCase(bytes + index, start, count: part) { memset(bytes + index, 0x2a, part) }
                index &+= 1
            }
        }
    }
}

extension Failure {
    /// The same failure with a secret hidden in its message.
    @inline(never)
    func hiding(_ secret: UnsafePointer<CChar>?) -> Failure {
        message.hide(secret)
        return self
    }
}
