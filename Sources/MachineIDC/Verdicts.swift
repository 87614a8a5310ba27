internal import CPlatform

/// What came of each device of a batch: the caller's row of flags, the texts in order when they are wanted, and the
/// first device that has no decision.
///
/// A text goes into the array as soon as all before it are there. So little is held beside what the caller gets in the
/// end, however many devices there are.
struct Verdicts: ~Copyable {
    private let count: Int
    private let allowed: UnsafeMutablePointer<Int32>
    /// Those that wait for one before them: each malloc'd, or that of a failure. nil when texts are not wanted.
    private let texts: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    private var array = ByteBuffer()
    /// How many are in the array.
    private var written = 0
    /// What the replies may yet take: together 64 MiB, or 1 KiB for each device where that is more. A decision takes some
    /// 300 bytes.
    private var bytesLeft: Int
    private var firstUndecided: Int
    /// `ok` when every device has a decision, otherwise what the first one without came to.
    private(set) var status = Status.ok
    /// Whether the array could not grow.
    private(set) var lacksMemory = false

    init(count: Int, allowed: UnsafeMutablePointer<Int32>, keepsTexts: Bool) throws(Failure) {
        self.count = count
        self.allowed = allowed
        firstUndecided = count
        bytesLeft = max(count, 64 * 1024) &* 1024
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
        if texts != nil {
            guard let reply else { return set(index, .outOfMemory) }
            let length = strlen(reply)
            guard length <= bytesLeft else {
                free(reply)
                return set(index, Failure(.badReply, "the replies of all devices together are larger than 64 MiB and than 1 KiB for each"))
            }
            bytesLeft &-= length
            keep(reply, index)
        } else {
            free(reply)
        }
        if answer.isAllow { allowed[index] = 1 }
        note(index, answer.status)
    }

    mutating func set(_ index: Int, _ failure: Failure) {
        defer { failure.message.discard() }
        guard texts != nil else { return note(index, failure.status) }
        let (text, status) = failure.json()
        keep(text, index)
        note(index, status)
    }

    /// The same for this device and all that follow. Those before have been set.
    mutating func setRest(from index: Int, _ failure: Failure) {
        defer { failure.message.discard() }
        guard index < count else { return }
        guard texts != nil else { return note(index, failure.status) }
        // One text for all: a million of their own would take seconds, after the time is over.
        let (text, status) = failure.json()
        while written < count, write(text) {}
        Failure.freeJSON(text)
        note(index, status)
    }

    private mutating func note(_ index: Int, _ status: Status) {
        guard status != .ok, index < firstUndecided else { return }
        firstUndecided = index
        self.status = status
    }

    private mutating func keep(_ text: UnsafeMutablePointer<CChar>, _ index: Int) {
        guard let texts else { return Failure.freeJSON(text) }
        texts[index] = text
        while written < count, let next = texts[written], write(next) {
            texts[written &- 1] = nil
            Failure.freeJSON(next)
        }
    }

    /// False when memory is refused.
    private mutating func write(_ text: UnsafePointer<CChar>) -> Bool {
        let separator: Literal = written == 0 ? "[" : ","
        if array.append(separator.cString, count: 1), array.append(text, count: strlen(text)) {
            written &+= 1
            return true
        }
        lacksMemory = true
        return false
    }

    /// The texts as a JSON array, malloc'd; NULL when they were not wanted. When all devices have been set.
    mutating func takeJSON() throws(Failure) -> UnsafeMutablePointer<CChar>? {
        if texts == nil { return nil }
        let ending: Literal = count == 0 ? "[]" : "]"
        guard !lacksMemory, array.append(ending.cString, count: strlen(ending.cString)) else { throw .outOfMemory }
        return array.take()
    }
}
