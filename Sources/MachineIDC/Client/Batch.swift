internal import CPlatform

/// Validates many devices in one API call: up to `max_connections` at a time, with one deadline for all of them. Each
/// reply is read on its own.
struct Batch: ~Copyable {
    /// Whether an array of `count` device ids can exist. A `size_t` above half its range arrives as a negative number.
    static func isPossible(count: Int) -> Bool {
        count >= 0 && count <= Int.max / MemoryLayout<UnsafePointer<CChar>?>.stride
    }

    /// Writes 0 to every flag, before anything else happens. An impossible count leaves the flags untouched, because
    /// the real size of the array is unknown.
    static func denyAll(_ allowed: UnsafeMutablePointer<Int32>?, _ count: Int) {
        guard let allowed, isPossible(count: count) else { return }
        memset(allowed, 0, count &* MemoryLayout<Int32>.stride)
    }

    /// One of the requests that are in progress at the same time. A lane validates one device after another.
    private struct Lane: ~Copyable {
        /// `pausing`: the lane waits for `retryAt` before it tries its device again.
        enum Stage { case free, asking, pausing }

        var lease: TransferLease
        var schedule: RetrySchedule
        var stage = Stage.free
        /// The index of the lane's device in `devices`.
        var index = 0
        /// When the pause ends, in stage `pausing`.
        var retryAt = MonotonicTime.now
    }

    /// The caller holds the reference to the client.
    private let client: Client
    let transport: Transport
    /// The time limit of the whole call.
    private let limit: TimeLimit
    /// The caller's `count` device ids.
    private let devices: UnsafePointer<UnsafePointer<CChar>?>
    private let count: Int
    /// The transfers of all lanes.
    private let group: TransferGroup
    /// Room for `width` lanes, of which `laneCount` exist.
    private let lanes: UnsafeMutablePointer<Lane>
    private let width: Int
    private var laneCount = 0
    /// How many devices a lane has started with, and how many have their result.
    private var startedCount = 0
    private var finishedCount = 0
    /// The results, one for each device.
    var results: BatchResults

    /// Opens a group on the client's transport. Sends nothing.
    init(
        _ client: Client, _ devices: UnsafePointer<UnsafePointer<CChar>?>, count: Int,
        allowed: UnsafeMutablePointer<Int32>, wantsJSON: Bool
    ) throws(Failure) {
        let limit = try TimeLimit(milliseconds: client.shared.pointee.settings.timeout)
        let width = min(client.shared.pointee.settings.maxConnections, count)
        let transport = try client.usableTransport()
        let results = try BatchResults(count: count, allowed: allowed, keepsTexts: wantsJSON)
        let group = try TransferGroup(isOfHost: true)
        guard let memory = malloc(max(width, 1) &* MemoryLayout<Lane>.stride) else {
            group.destroy()
            throw .outOfMemory
        }
        self.client = client
        self.devices = devices
        self.count = count
        self.transport = transport
        self.limit = limit
        self.results = results
        self.group = group
        lanes = memory.assumingMemoryBound(to: Lane.self)
        self.width = width
        transport.open(group)
    }

    /// Makes the lanes. Each holds a transfer of the transport's.
    private mutating func openLanes() throws(Failure) {
        while laneCount < width {
            let lease = try TransferLease(on: transport, client.shared.pointee.settings)
            let schedule = RetrySchedule(client.shared.pointee.settings)
            (lanes + laneCount).initialize(to: Lane(lease: lease, schedule: schedule))
            laneCount &+= 1
        }
    }

    deinit {
        for lane in Indices(laneCount) { lanes[lane].lease.cancel() }
        lanes.deinitialize(count: laneCount)
        free(lanes)
        transport.close(group)
        group.destroy()
    }

    /// Returns when every device has a result; throws when the client is cancelled, or memory runs out, before that,
    /// and when the machine was suspended and the time limit passed.
    mutating func run() throws(Failure) {
        try openLanes()
        while finishedCount < count {
            startFreeLanes()
            if finishedCount == count { break }
            if limit.isOver { return try timeOut() }
            if results.lacksMemory { throw .outOfMemory }
            let result = transport.next(
                in: group, until: earliestRetry(), client.shared.pointee.settings)
            // An answer that arrives after the time limit decides nothing.
            if limit.isOver { return try timeOut() }
            switch result {
            case .ended(let transfer): finish(transfer)
            case .cancelled: throw transport.cancellation
            case .woken, .timedOut: break
            }
        }
    }

    /// Starts the next device on each free lane, and the next attempt on each lane whose pause is over.
    @inline(never)
    private mutating func startFreeLanes() {
        for lane in Indices(laneCount) {
            if lanes[lane].stage == .pausing, lanes[lane].retryAt.hasPassed { start(lane) }
            // A device id that cannot be sent gets its failure at once, and the lane goes on to the next device, until
            // the time limit or a cancellation.
            while lanes[lane].stage == .free, startedCount < count, !limit.isOver, !client.isCancelled {
                lanes[lane].index = startedCount
                startedCount &+= 1
                do throws(Failure) {
                    // After the host closed descriptors of the library, the lane's transfer cannot be used again, so
                    // the lane takes another one.
                    if lanes[lane].lease.isUnusable {
                        lanes[lane].lease = try TransferLease(on: transport, client.shared.pointee.settings)
                    }
                    let body = try DeviceID(devices[lanes[lane].index]).requestBody()
                    try lanes[lane].lease.prepare(.validate, client.shared.pointee.settings, body: body)
                    lanes[lane].schedule = RetrySchedule(client.shared.pointee.settings)
                    start(lane)
                } catch {
                    settle(lane, error)
                }
            }
        }
    }

    /// Starts an attempt for the lane's device.
    private func start(_ lane: Int) {
        lanes[lane].stage = .asking
        lanes[lane].lease.start(in: group)
    }

    /// Handles a transfer that has ended: schedules another attempt, or records the device's result.
    private mutating func finish(_ transfer: Transfer) {
        var lane = 0
        while lane < laneCount, !lanes[lane].lease.holds(transfer) { lane &+= 1 }
        guard lane < laneCount, let attempt = lanes[lane].lease.attemptResult else { return }
        if let pause = lanes[lane].schedule.next(after: attempt, before: limit.deadline) {
            lanes[lane].lease.countAttempt(after: pause)
            lanes[lane].retryAt = .after(milliseconds: pause)
            lanes[lane].stage = .pausing
            return
        }
        let now = BootTime.now
        if attempt.hasReply, !lanes[lane].lease.hasTimeToRead(within: limit, at: now) {
            return settle(lane, .timeout(client.shared.pointee.settings.timeout))
        }
        do throws(Failure) {
            let answer = try lanes[lane].lease.read(
                .validate, device: devices[lanes[lane].index], attempt, at: now, client.shared.pointee.settings)
            results.set(lanes[lane].index, answer, lanes[lane].lease.takeReply())
            lanes[lane].stage = .free
            finishedCount &+= 1
        } catch {
            settle(lane, error)
        }
    }

    /// Records a failure as the result of the lane's device, and frees the lane.
    private mutating func settle(_ lane: Int, _ failure: Failure) {
        results.set(lanes[lane].index, failure)
        lanes[lane].stage = .free
        finishedCount &+= 1
    }

    /// Records a time-out for the devices in progress and for those that were never started. The others keep their
    /// answers, unless these have become older than the time limit while the machine was suspended: then it throws.
    @inline(never)
    private mutating func timeOut() throws(Failure) {
        if limit.wasSuspended { throw .timeout(client.shared.pointee.settings.timeout) }
        for lane in Indices(laneCount) where lanes[lane].stage != .free {
            settle(lane, .timeout(client.shared.pointee.settings.timeout))
        }
        results.setRest(from: startedCount, .timeout(client.shared.pointee.settings.timeout))
    }

    /// When the first pause ends, or the deadline of the call when that is earlier.
    private func earliestRetry() -> MonotonicTime {
        var earliest = limit.deadline
        for lane in Indices(laneCount) where lanes[lane].stage == .pausing {
            earliest = min(earliest, lanes[lane].retryAt)
        }
        return earliest
    }
}

extension Failure {
    /// The failure of a device without a decision within the time limit.
    fileprivate static func timeout(_ milliseconds: Int) -> Failure {
        Failure(.timeout, "no decision within \(milliseconds) ms (timeout_ms), the limit for all devices together")
    }
}
