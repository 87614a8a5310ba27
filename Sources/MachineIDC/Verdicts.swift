internal import CPlatform

/// What came of each device of a batch: the caller's row of flags, the texts in order when they are wanted, and the
/// first device that has no decision.
struct Verdicts: ~Copyable {
    /// Of all texts together. A decision takes some 300 bytes.
    private static var maximumBytes: Int { 64 * 1024 * 1024 }

    private let count: Int
    private let allowed: UnsafeMutablePointer<Int32>
    /// Each malloc'd, or that of a failure.
    private let texts: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    private var bytes = 0
    private var firstUndecided: Int
    /// `ok` when every device has a decision, otherwise what the first one without came to.
    private(set) var status = Status.ok

    init(count: Int, allowed: UnsafeMutablePointer<Int32>, keepsTexts: Bool) throws(Failure) {
        self.count = count
        self.allowed = allowed
        firstUndecided = count
        guard keepsTexts else {
            texts = nil
            return
        }
        let size = MemoryLayout<UnsafeMutablePointer<CChar>?>.stride
        guard let memory = calloc(max(count, 1), size) else { throw .outOfMemory }
        texts = memory.assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
    }

    deinit {
        guard let texts else { return }
        for index in Indices(count) { Failure.freeJSON(texts[index]) }
        free(texts)
    }

    /// - Parameter reply: malloc'd; taken over.
    mutating func set(_ index: Int, _ answer: Answer, _ reply: UnsafeMutablePointer<CChar>?) {
        if let texts, let reply {
            bytes &+= strlen(reply)
            guard bytes <= Verdicts.maximumBytes else {
                free(reply)
                return set(index, Failure(.badReply, "the replies of all devices together are larger than 64 MiB"))
            }
            texts[index] = reply
        } else {
            free(reply)
        }
        if answer.isAllow { allowed[index] = 1 }
        note(index, answer.status)
    }

    mutating func set(_ index: Int, _ failure: Failure) {
        defer { failure.message.discard() }
        if let texts { texts[index] = failure.json().text }
        note(index, failure.status)
    }

    private mutating func note(_ index: Int, _ status: Status) {
        guard status != .ok, index < firstUndecided else { return }
        firstUndecided = index
        self.status = status
    }

    /// The texts as a JSON array, malloc'd; NULL when they were not wanted.
    func json() throws(Failure) -> UnsafeMutablePointer<CChar>? {
        guard let texts else { return nil }
        var buffer = ByteBuffer()
        var isWhole = buffer.append(Literal("[").cString, count: 1)
        for index in Indices(count) {
            guard let text = texts[index] else { continue }
            if index > 0 { isWhole = isWhole && buffer.append(Literal(",").cString, count: 1) }
            isWhole = isWhole && buffer.append(text, count: strlen(text))
        }
        guard isWhole, buffer.append(Literal("]").cString, count: 1) else { throw .outOfMemory }
        return buffer.take()
    }
}
