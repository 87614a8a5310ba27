internal import CPlatform
internal import Synchronization

/// What `mid_client_stats` reports of a client, but for its guards: counters since the client was made or, in a forked
/// child, since the child first used it.
///
/// A pointer to an array of atomic numbers, which the client owns. Counting takes no lock and no memory.
struct Statistics {
    /// A number that stands alone. The first of them are the decisions, in the order of `DecisionCode`.
    enum Counter: Int {
        case firstDecision = 0
        /// Further attempts after a transport failure or an outage.
        case retries = 6
        /// Requests that were sent again at once, because they were lost with a kept connection.
        case resends
        case hedges
        /// Connections by their first request, and requests on kept connections.
        case connectionsMade, connectionsReused
        case handshakes
        /// Nanoseconds on CLOCK_BOOTTIME: when counting began.
        case began
        /// The number of the process that counts, negative while it clears the numbers: see `ForkGeneration`.
        case generation
        /// Odd while a thread records an answer.
        case answerSequence
        /// Nanoseconds on CLOCK_BOOTTIME: when the last answer had been read; 0 before the first.
        case answeredAt
        /// The first word of its request id.
        case requestID
    }

    /// The words of one operation: a counter for each status, one for each bucket of times, and the sum of the times in
    /// nanoseconds.
    private enum Words {
        static var statuses: Int { 40 }
        static var sum: Int { statuses &+ Statistics.buckets }
        static var operation: Int { sum &+ 1 }
        static var operations: Int { CountedOperation.count &* operation }
        static var all: Int { operations &+ Counter.requestID.rawValue &+ RequestID.words }
    }

    /// How many buckets there are: one for each bound, and one for all times beyond.
    static var buckets: Int { bounds &+ 1 }
    static var bounds: Int { 13 }

    private let numbers: UnsafeMutablePointer<Atomic<Int>>

    /// Begins to count.
    init() throws(Failure) {
        guard let memory = calloc(Words.all, MemoryLayout<Atomic<Int>>.stride) else { throw .outOfMemory }
        numbers = memory.assumingMemoryBound(to: Atomic<Int>.self)
        beginCall()
    }

    func destroy() { free(numbers) }

    /// The address of a number by its place.
    private func number(_ counter: Counter, _ offset: Int = 0) -> UnsafeMutablePointer<Atomic<Int>> {
        numbers + (Words.operations &+ counter.rawValue &+ offset)
    }

    private func words(of operation: CountedOperation) -> UnsafeMutablePointer<Atomic<Int>> {
        numbers + operation.index &* Words.operation
    }

    /// The upper bound of the bucket that follows one with this bound: 1, 2, 5, 10, 20, 50 and so on. The buckets are
    /// numbered from 0, and the bound of the first is 1 ms.
    static func bound<Number: FixedWidthInteger>(after bound: Number, _ bucket: Int) -> Number {
        bucket % 3 == 1 ? bound / 2 &* 5 : bound &* 2
    }
}

// Counting. Any thread may do it at any time, after `beginCall`.
extension Statistics {
    /// Makes sure that the numbers are this process's: in a forked child the first call sets them to 0. Hosts add up
    /// what their processes report, so what the parent has counted must not be in the child's numbers as well.
    func beginCall() {
        if ForkGeneration.isCurrent(number(.generation).pointee.load(ordering: .acquiring)) { return }
        clear(for: ForkGeneration.current)
    }

    /// Clears the numbers, or waits until another thread has done so. A child that was forked while a thread of its
    /// parent cleared them finds its parent's number there, and clears them itself.
    @inline(never)
    private func clear(for process: Int) {
        while process != 0 {
            let found = number(.generation).pointee.load(ordering: .acquiring)
            if found == process { return }
            if found == 0 &- process {
                ForkGate.sleepBriefly()
                continue
            }
            let (isMine, _) = number(.generation).pointee.compareExchange(
                expected: found, desired: 0 &- process, ordering: .acquiring)
            guard isMine else { continue }
            for index in Indices(Words.all) where numbers + index != number(.generation) {
                numbers[index].store(0, ordering: .relaxed)
            }
            number(.began).pointee.store(Int(BootTime.now.nanoseconds), ordering: .relaxed)
            number(.generation).pointee.store(process, ordering: .releasing)
        }
    }

    func count(_ counter: Counter) { number(counter).pointee.wrappingAdd(1, ordering: .relaxed) }

    /// Counts a call or a check of a guard that has ended.
    @inline(never)
    func count(_ operation: CountedOperation, _ status: mid_status, since began: MonotonicTime) {
        let time = MonotonicTime.now.nanoseconds(since: began)
        let words = words(of: operation)
        if let place = Statistics.place(of: status) { words[place].wrappingAdd(1, ordering: .relaxed) }
        var (bucket, bound) = (0, Int64(1_000_000))
        while bucket < Statistics.bounds, time > bound {
            bound = Statistics.bound(after: bound, bucket)
            bucket &+= 1
        }
        words[Words.statuses &+ bucket].wrappingAdd(1, ordering: .relaxed)
        words[Words.sum].wrappingAdd(Int(time), ordering: .relaxed)
    }

    /// Counts an answer, and its decision if it has one.
    func count(_ answer: Answer, at now: BootTime) {
        if let code = answer.code {
            number(.firstDecision, Int(code.rawValue)).pointee.wrappingAdd(1, ordering: .relaxed)
        }
        let sequence = number(.answerSequence).pointee.load(ordering: .relaxed)
        // When another thread is recording an answer at this moment, that one is as recent.
        guard sequence & 1 == 0,
            number(.answerSequence).pointee.compareExchange(
                expected: sequence, desired: sequence &+ 1, ordering: .acquiring
            ).exchanged
        else { return }
        // Stores would do. Helgrind takes them for races, but knows that an exchange is atomic.
        _ = number(.answeredAt).pointee.exchange(Int(now.nanoseconds), ordering: .releasing)
        for word in Indices(RequestID.words) {
            let bytes = Int(bitPattern: answer.requestID.bytes[unchecked: word])
            _ = number(.requestID, word).pointee.exchange(bytes, ordering: .releasing)
        }
        _ = number(.answerSequence).pointee.exchange(sequence &+ 2, ordering: .releasing)
    }

    /// The place of a status among the counters of an operation. Statuses are numbered in groups of a hundred, and
    /// there is room for eight in each.
    private static func place(of status: mid_status) -> Int? {
        let (group, number) = Int(status).quotientAndRemainder(dividingBy: 100)
        return (0..<5).contains(group) && (0..<8).contains(number) ? group &* 8 &+ number : nil
    }
}

// Reading. The numbers are read one after another, so those of calls that end meanwhile may be in some and not in
// others.
extension Statistics {
    func value(_ counter: Counter) -> Int { number(counter).pointee.load(ordering: .relaxed) }

    func value(_ code: DecisionCode) -> Int {
        number(.firstDecision, Int(code.rawValue)).pointee.load(ordering: .relaxed)
    }

    /// Calls `body` with each status that has a name, and how many calls came to it.
    func forEachStatus(of operation: CountedOperation, _ body: (Status, Int) -> Void) {
        for place in Indices(Words.statuses) {
            let status = Status(rawValue: mid_status(truncatingIfNeeded: place / 8 &* 100 &+ place % 8))
            if status.isKnown { body(status, words(of: operation)[place].load(ordering: .relaxed)) }
        }
    }

    /// How many calls took a time that belongs into this bucket and into none before it.
    func calls(_ operation: CountedOperation, inBucket bucket: Int) -> Int {
        words(of: operation)[Words.statuses &+ bucket].load(ordering: .relaxed)
    }

    /// How long all calls of an operation took together, in nanoseconds.
    func time(_ operation: CountedOperation) -> Int { words(of: operation)[Words.sum].load(ordering: .relaxed) }

    /// When the last answer had been read, and its request id; nil when there was none yet.
    func lastAnswer() -> (at: BootTime, RequestID)? {
        // A thread records an answer within some nanoseconds, unless the system lets it wait.
        for _ in Indices(1_000) {
            let sequence = number(.answerSequence).pointee.load(ordering: .acquiring)
            let answeredAt = number(.answeredAt).pointee.load(ordering: .acquiring)
            var words = InlineArray<8, UInt>(repeating: 0)
            for word in Indices(RequestID.words) {
                words[unchecked: word] = UInt(bitPattern: number(.requestID, word).pointee.load(ordering: .acquiring))
            }
            if sequence & 1 == 0, number(.answerSequence).pointee.load(ordering: .relaxed) == sequence {
                return answeredAt == 0 ? nil : (BootTime(nanoseconds: Int64(answeredAt)), RequestID(words: words))
            }
            ForkGate.sleepBriefly()
        }
        return nil
    }
}
