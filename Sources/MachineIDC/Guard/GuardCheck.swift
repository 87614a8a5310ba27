internal import CPlatform

/// A check in progress, and the request that it makes.
///
/// A pointer to memory that belongs to the guard thread, which destroys it.
struct GuardCheck: ListElement {
    struct Shared: ~Copyable {
        let plan: GuardCheckPlan
        /// The transfer that is held for the check.
        var lease: TransferLease
        /// Repeats only a request that was lost with a kept connection.
        var schedule: RetrySchedule
        /// When the last attempt was sent.
        var sentAt = BootTime.zero
        /// The neighbours in the list of checks in progress.
        var links = ListLinks<GuardCheck>()
    }

    let shared: UnsafeMutablePointer<Shared>

    /// Prepares the request. `start` sends it.
    init(_ plan: GuardCheckPlan, on transport: Transport, _ settings: borrowing Settings) throws(Failure) {
        let lease = try TransferLease(on: transport, settings)
        let body = try DeviceID(plan.deviceGuard.shared.pointee.device.pointer).requestBody()
        try lease.prepare(.validate, settings, body: body)
        shared = try allocateShared(
            Shared(plan: plan, lease: lease, schedule: RetrySchedule(withoutRetries: settings)))
    }

    /// Cancels the request if it is still in progress, and frees the check.
    func destroy() {
        shared.pointee.lease.cancel()
        destroyShared(shared)
    }

    /// Starts an attempt.
    func start(in group: TransferGroup) {
        shared.pointee.sentAt = BootTime.now
        shared.pointee.lease.start(in: group)
    }

    var plan: GuardCheckPlan { shared.pointee.plan }

    var links: ListLinks<GuardCheck> {
        get { shared.pointee.links }
        nonmutating set { shared.pointee.links = newValue }
    }

    static func == (one: GuardCheck, other: GuardCheck) -> Bool { one.shared == other.shared }
}
