internal import CPlatform

/// A question that is under way, and the call that asks it.
///
/// A pointer to memory of the guards' thread, which destroys it.
struct GuardCheck: Linked {
    struct Shared: ~Copyable {
        let question: GuardQuestion
        var call: Call
        var schedule: RetrySchedule
        /// On the clock of ages.
        var askedAt = Int64(0)
        /// Its place among the checks that are under way.
        var links = Links<GuardCheck>()
    }

    let shared: UnsafeMutablePointer<Shared>

    init(_ question: GuardQuestion, on transport: Transport, _ settings: borrowing Settings) throws(Failure) {
        let call = try Call(on: transport, settings)
        let body = try DeviceID(question.guarded.shared.pointee.device.pointer).requestBody()
        try call.prepare(.validate, settings, body: body)
        shared = try allocate(
            Shared(question: question, call: call, schedule: RetrySchedule(withoutRetries: settings)))
    }

    /// Gives the call up where it is still under way.
    func destroy() {
        shared.pointee.call.giveUp()
        deallocate(shared)
    }

    func start(in group: TransferGroup) {
        shared.pointee.askedAt = Clock.ofAges
        shared.pointee.call.start(in: group)
    }

    var question: GuardQuestion { shared.pointee.question }

    var links: Links<GuardCheck> {
        get { shared.pointee.links }
        nonmutating set { shared.pointee.links = newValue }
    }

    static func == (one: GuardCheck, other: GuardCheck) -> Bool { one.shared == other.shared }
}
