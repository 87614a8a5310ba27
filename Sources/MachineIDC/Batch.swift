internal import CPlatform

/// Many devices validated in one call: a bounded number at a time over the client's connections, one deadline for all,
/// and each read on its own.
struct Batch: ~Copyable {
    /// Whether there can be a row of so many device ids. A size_t of more than half its range arrives as a negative number.
    static func mayHold(_ count: Int) -> Bool {
        count >= 0 && count <= Int.max / MemoryLayout<UnsafePointer<CChar>?>.stride
    }

    /// One of the calls that are under way at the same time.
    private struct Lane: ~Copyable {
        enum Stage { case free, asking, pausing }

        var call: Call
        var schedule: RetrySchedule
        var stage = Stage.free
        /// The place of its device among all.
        var index = 0
        /// When the pause ends.
        var resumption = Deadline.now
    }

    private let client: Client
    let transport: Transport
    private let limit: TimeLimit
    private let devices: UnsafePointer<UnsafePointer<CChar>?>
    private let count: Int
    private let group: TransferGroup
    private let lanes: UnsafeMutablePointer<Lane>
    private let width: Int
    private var laneCount = 0
    /// How many devices have been taken up, and how many are settled.
    private var begun = 0
    private var settled = 0
    var verdicts: Verdicts

    init(
        _ client: Client, _ devices: UnsafePointer<UnsafePointer<CChar>?>, count: Int,
        allowed: UnsafeMutablePointer<Int32>, wantsJSON: Bool
    ) throws(Failure) {
        let limit = try TimeLimit(milliseconds: client.state.pointee.settings.timeout)
        let width = min(client.state.pointee.settings.maxConnections, count)
        let transport = try client.usableTransport()
        let verdicts = try Verdicts(count: count, allowed: allowed, keepsTexts: wantsJSON)
        let group = try TransferGroup()
        guard let memory = malloc(max(width, 1) &* MemoryLayout<Lane>.stride) else {
            group.destroy()
            throw .outOfMemory
        }
        self.client = client
        self.devices = devices
        self.count = count
        self.transport = transport
        self.limit = limit
        self.verdicts = verdicts
        self.group = group
        lanes = memory.assumingMemoryBound(to: Lane.self)
        self.width = width
        transport.open(group)
    }

    private mutating func openLanes() throws(Failure) {
        while laneCount < width {
            let call = try Call(on: transport, client.state.pointee.settings)
            (lanes + laneCount).initialize(to: Lane(call: call, schedule: RetrySchedule(client.state.pointee.settings)))
            laneCount &+= 1
        }
    }

    deinit {
        for lane in Indices(laneCount) { lanes[lane].call.giveUp() }
        lanes.deinitialize(count: laneCount)
        free(lanes)
        transport.close(group)
        group.destroy()
    }

    /// Returns when every device is settled; throws when the client was cancelled first.
    mutating func run() throws(Failure) {
        try openLanes()
        while settled < count {
            fill()
            if settled == count { break }
            if limit.isOver { return timeOut() }
            if verdicts.lacksMemory { throw .outOfMemory }
            let turn = transport.next(
                in: group, until: earliestResumption(), client.state.pointee.settings)
            // An answer that has come too late decides nothing.
            if limit.isOver { return timeOut() }
            switch turn {
            case .ended(let transfer): finish(transfer)
            case .cancelled: throw transport.cancellation
            case .woken, .deadline: break
            }
        }
    }

    /// Puts free lanes to work, and those whose pause is over.
    private mutating func fill() {
        for lane in Indices(laneCount) {
            if lanes[lane].stage == .pausing, lanes[lane].resumption.hasPassed { start(lane) }
            // Those that cannot be asked about are settled at once, but not past the end of the call.
            while lanes[lane].stage == .free, begun < count, !limit.isOver, !client.isCancelled {
                lanes[lane].index = begun
                begun &+= 1
                do throws(Failure) {
                    // After the host has closed descriptors, its transfer is lost, and it takes another.
                    if lanes[lane].call.isLost {
                        lanes[lane].call = try Call(on: transport, client.state.pointee.settings)
                    }
                    let body = try DeviceID(devices[lanes[lane].index]).requestBody()
                    try lanes[lane].call.prepare(.validate, client.state.pointee.settings, body: body)
                    lanes[lane].schedule = RetrySchedule(client.state.pointee.settings)
                    start(lane)
                } catch {
                    settle(lane, error)
                }
            }
        }
    }

    private func start(_ lane: Int) {
        lanes[lane].stage = .asking
        lanes[lane].call.start(in: group)
    }

    private mutating func finish(_ transfer: Transfer) {
        var lane = 0
        while lane < laneCount, !lanes[lane].call.isMade(of: transfer) { lane &+= 1 }
        guard lane < laneCount, let attempt = lanes[lane].call.ended else { return }
        if let pause = lanes[lane].schedule.next(after: attempt, before: limit.deadline) {
            lanes[lane].resumption = .after(milliseconds: pause)
            lanes[lane].stage = .pausing
            return
        }
        if attempt.hasReply, !lanes[lane].call.hasTimeToRead(within: limit) {
            return settle(lane, .timeout(client.state.pointee.settings.timeout))
        }
        do throws(Failure) {
            let answer = try lanes[lane].call.read(
                .validate, device: devices[lanes[lane].index], attempt, client.state.pointee.settings)
            verdicts.set(lanes[lane].index, answer, lanes[lane].call.takeReply())
            lanes[lane].stage = .free
            settled &+= 1
        } catch {
            settle(lane, error)
        }
    }

    private mutating func settle(_ lane: Int, _ failure: Failure) {
        verdicts.set(lanes[lane].index, failure)
        lanes[lane].stage = .free
        settled &+= 1
    }

    /// Those that are under way and those that nobody came to.
    private mutating func timeOut() {
        for lane in Indices(laneCount) where lanes[lane].stage != .free {
            settle(lane, .timeout(client.state.pointee.settings.timeout))
        }
        verdicts.setRest(from: begun, .timeout(client.state.pointee.settings.timeout))
    }

    private func earliestResumption() -> Deadline {
        var earliest = limit.deadline
        for lane in Indices(laneCount) where lanes[lane].stage == .pausing {
            earliest = min(earliest, lanes[lane].resumption)
        }
        return earliest
    }
}

extension Failure {
    fileprivate static func timeout(_ milliseconds: Int) -> Failure {
        Failure(.timeout, "not decided within \(milliseconds) ms (timeout_ms), which is for all devices of the call")
    }
}
