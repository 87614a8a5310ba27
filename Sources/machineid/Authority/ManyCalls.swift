internal import CTool

/// Makes the same call for many devices, on a few threads. The answers are read in the order of the devices. After an
/// answer that shows that this program itself failed, no further call begins.
///
/// Signals that end a program from outside are held back meanwhile. When one comes, no further call begins, and those
/// under way have a second to end, so that the program can report what was done.
final class ManyCalls {
    enum Outcome {
        case answer(Answer)
        /// The call has begun, and its result is not known.
        case unknown
        case notBegun
    }

    private let client: Client
    private let operation: Client.Operation
    private let devices: [String]
    private let monitor: UnsafeMutablePointer<tool_monitor>
    private var held = tool_held()
    private var threads: [UInt] = []
    /// When to stop waiting for the calls under way; nil until a signal has come.
    private var patienceEnd: Int?

    // The threads share these, and lock the monitor to use them.
    private var answers: [Answer?]
    private var begun = 0
    private var isStopped = false

    /// Starts the calls, `atOnce` at a time.
    init(_ client: Client, _ operation: @escaping Client.Operation, _ devices: [String], atOnce: Int) throws(Failure) {
        guard let monitor = tool_make_monitor() else { throw .outOfMemory }
        self.client = client
        self.operation = operation
        self.devices = devices
        self.monitor = monitor
        answers = [Answer?](repeating: nil, count: devices.count)
        tool_hold_back(&held)
        while threads.count < min(atOnce, devices.count) {
            let this = Unmanaged.passRetained(self)
            let thread = tool_start_thread(workInThread, this.toOpaque())
            if thread == 0 {
                this.release()
                break
            }
            threads.append(thread)
        }
        guard threads.isEmpty && !devices.isEmpty else { return }
        tool_let_through(&held)
        throw .failed("the system refuses a thread; end other programs, or raise its limit")
    }

    deinit { tool_free_monitor(monitor) }

    /// Whether a signal has come, after which no further call begins.
    var isInterrupted: Bool { patienceEnd != nil }

    /// Waits for the outcome of a device's call.
    func outcome(_ index: Int) -> Outcome {
        tool_lock(monitor)
        defer { tool_unlock(monitor) }
        while true {
            if patienceEnd == nil && tool_has_come(&held) != 0 {
                patienceEnd = Clock.now + 1000
                isStopped = true
            }
            if let answer = answers[index] { return .answer(answer) }
            if isStopped && index >= begun { return .notBegun }
            if let patienceEnd, Clock.now >= patienceEnd { return .unknown }
            tool_wait_for_change(monitor)
        }
    }

    /// Lets signals through, and waits for the threads to end. A signal that has come ends the program here.
    func finish() {
        tool_let_through(&held)
        for thread in threads { tool_join_thread(thread) }
    }

    fileprivate func work() {
        tool_lock(monitor)
        while !isStopped && begun < devices.count {
            let index = begun
            begun += 1
            tool_unlock(monitor)
            let answer = client.ask(operation, devices[index])
            tool_lock(monitor)
            answers[index] = answer
            // If this program lacks something, such as memory, the next call would fail as well.
            if Failure.exit(for: answer.status) == ExitStatus.failed { isStopped = true }
            tool_say_changed(monitor)
        }
        tool_unlock(monitor)
    }
}

/// The body of a thread. It takes over a reference to the calls.
private func workInThread(_ calls: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let calls { Unmanaged<ManyCalls>.fromOpaque(calls).takeRetainedValue().work() }
    return nil
}
