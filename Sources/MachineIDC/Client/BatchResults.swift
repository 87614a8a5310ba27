internal import CPlatform

/// The results of a batch: the caller's array of flags, the JSON array of the replies in order when that is wanted, and
/// the status of the first device without a decision.
///
/// A reply is appended to the JSON array as soon as all replies before it are there, so little memory is held beyond
/// what the caller receives in the end, however many devices there are.
struct BatchResults: ~Copyable {
    private let count: Int
    /// The caller's `count` flags.
    private let allowed: UnsafeMutablePointer<Int32>
    /// The replies that wait for an earlier one, by index. Each is freed with `Failure.freeJSON`. nil when no JSON is
    /// wanted.
    private let texts: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    /// The JSON array as far as it is written, without the closing bracket.
    private var array = ByteBuffer()
    /// How many replies are in the array.
    private var written = 0
    /// How many more bytes the replies may take: 64 MiB together, or 1 KiB for each device where that is more. A
    /// decision takes some 300 bytes.
    private var bytesLeft: Int
    /// The lowest index of a device without a decision; `count` when there is none.
    private var firstUndecided: Int
    /// `ok` when every device has a decision, otherwise the status of the first device without one.
    private(set) var status = Status.ok
    /// Whether the array could not grow for lack of memory.
    private(set) var lacksMemory = false

    /// - Parameter keepsTexts: whether JSON is wanted.
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

    /// Records an answer for a device. This is the only place where a flag of a batch becomes 1.
    ///
    /// - Parameter reply: malloc'd; this function takes ownership.
    mutating func set(_ index: Int, _ answer: Answer, _ reply: UnsafeMutablePointer<CChar>?) {
        if texts != nil {
            guard let reply else { return set(index, .outOfMemory) }
            let length = strlen(reply)
            guard length <= bytesLeft else {
                free(reply)
                return set(
                    index,
                    Failure(.badReply, "the replies together are larger than both 64 MiB and 1 KiB per device"))
            }
            bytesLeft &-= length
            keep(reply, index)
        } else {
            free(reply)
        }
        if answer.isAllowed { allowed[index] = 1 }
        record(index, answer.status)
    }

    /// Records a failure for a device, and frees its message.
    mutating func set(_ index: Int, _ failure: Failure) {
        defer { failure.message.destroy() }
        guard texts != nil else { return record(index, failure.status) }
        let (text, status) = failure.json()
        keep(text, index)
        record(index, status)
    }

    /// Records the same failure for this device and all that follow. Those before it must have a result already. Frees
    /// the failure's message.
    mutating func setRest(from index: Int, _ failure: Failure) {
        defer { failure.message.destroy() }
        guard index < count else { return }
        guard texts != nil else { return record(index, failure.status) }
        // All share one text: making a million texts would take seconds after the time limit.
        let (text, status) = failure.json()
        while written < count, write(text) {}
        Failure.freeJSON(text)
        record(index, status)
    }

    /// Records the status of a device, if it is the first one without a decision so far.
    private mutating func record(_ index: Int, _ status: Status) {
        guard status != .ok, index < firstUndecided else { return }
        firstUndecided = index
        self.status = status
    }

    /// Takes ownership of a device's text, and appends to the array all texts that are now next in order.
    private mutating func keep(_ text: UnsafeMutablePointer<CChar>, _ index: Int) {
        guard let texts else { return Failure.freeJSON(text) }
        texts[index] = text
        while written < count, let next = texts[written], write(next) {
            texts[written &- 1] = nil
            Failure.freeJSON(next)
        }
    }

    /// Appends one text to the array. Returns false when memory is refused.
    private mutating func write(_ text: UnsafePointer<CChar>) -> Bool {
        let separator: Literal = written == 0 ? "[" : ","
        if array.append(separator.cString, count: 1), array.append(text, count: strlen(text)) {
            written &+= 1
            return true
        }
        lacksMemory = true
        return false
    }

    /// The JSON array, malloc'd; NULL when no JSON is wanted. Call it when every device has a result.
    mutating func takeJSON() throws(Failure) -> UnsafeMutablePointer<CChar>? {
        if texts == nil { return nil }
        let ending: Literal = count == 0 ? "[]" : "]"
        guard !lacksMemory, array.append(ending.cString, count: strlen(ending.cString)) else { throw .outOfMemory }
        return array.take()
    }
}
