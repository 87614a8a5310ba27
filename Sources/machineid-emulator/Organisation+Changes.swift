// Each change of an organisation, whether a client, an operator or a scenario makes it. The store comes first: what
// cannot be saved does not happen.
extension Organisation {
    static func register(
        _ id: DeviceID, in contents: inout Contents, _ store: OrganisationStore?
    ) throws(DatabaseError) -> Registration {
        if contents.devices[id] != nil { return .exists }
        if contents.usage.remaining == 0 { return .limitReached }
        let device = Device(id: id, number: contents.registrations + 1)
        try store?.insert(device)
        contents.registrations += 1
        contents.devices[id] = device
        return .created
    }

    /// The devices must exist.
    static func setRevoked(
        _ ids: [DeviceID], _ revoked: Bool, in contents: inout Contents, _ store: OrganisationStore?
    ) throws(DatabaseError) {
        try store?.setRevoked(ids, revoked)
        for id in ids { contents.devices[id]?.revoked = revoked }
    }

    /// The devices must exist.
    static func remove(
        _ ids: [DeviceID], from contents: inout Contents, _ store: OrganisationStore?
    ) throws(DatabaseError) {
        try store?.remove(ids)
        for id in ids { contents.devices[id] = nil }
    }

    static func apply(
        _ change: PlanChange, to contents: inout Contents, _ store: OrganisationStore?
    ) throws(DatabaseError) {
        var plan = contents.plan
        change.apply(to: &plan)
        try store?.setPlan(plan)
        contents.plan = plan
    }

    /// Makes a change of a scenario, and returns how many devices it has changed.
    static func apply(
        _ change: Scenario.Change, to devices: DeviceSelection, in contents: inout Contents, _ store: OrganisationStore?
    ) throws(DatabaseError) -> Int {
        func selected(where isMeant: (Device) -> Bool) -> [DeviceID] {
            contents.devices.values.filter { devices.contains($0.id) && isMeant($0) }.map(\.id)
        }
        switch change {
        case .plan(let change):
            try apply(change, to: &contents, store)
            return 0
        case .register:
            guard case .exactly(let id) = devices else { return 0 }
            return try register(id, in: &contents, store) == .created ? 1 : 0
        case .revoke, .unrevoke:
            let ids = selected { $0.revoked != (change == .revoke) }
            try setRevoked(ids, change == .revoke, in: &contents, store)
            return ids.count
        case .remove:
            let ids = selected { _ in true }
            try remove(ids, from: &contents, store)
            return ids.count
        }
    }
}
