/// The part of the state file that one organisation has.
struct OrganisationStore: Sendable {
    let file: StateFile
    /// The organisation's row.
    let number: Int

    /// The devices, and the plan if one has been set.
    func load() throws(DatabaseError) -> (devices: [Organisation.Device], plan: Plan?) {
        var devices: [Organisation.Device] = []
        var plan: Plan?
        try file.use { (database) throws(DatabaseError) in
            try database.run(
                "SELECT device_id, number, revoked FROM device WHERE organisation = ?", [.integer(number)]
            ) { row in
                if let text = row.text(0), let id = try? DeviceID(trimming: text) {
                    devices.append(Organisation.Device(id: id, revoked: row.integer(2) != 0, number: row.integer(1)))
                }
            }
            try database.run(
                "SELECT plan_tier, plan_state, execution_enabled FROM organisation WHERE id = ?", [.integer(number)]
            ) { row in
                if let tier = row.text(0).flatMap(PlanTier.init(rawValue:)),
                    let state = row.text(1).flatMap(PlanState.init(rawValue:))
                {
                    plan = Plan(tier: tier, state: state, executionEnabled: row.integer(2) != 0)
                }
            }
        }
        return (devices, plan)
    }

    func insert(_ device: Organisation.Device) throws(DatabaseError) {
        try file.use { (database) throws(DatabaseError) in
            try database.run(
                "INSERT INTO device (organisation, device_id, number) VALUES (?, ?, ?)",
                [.integer(number), .text(device.id.text), .integer(device.number)])
        }
    }

    func setRevoked(_ ids: [DeviceID], _ revoked: Bool) throws(DatabaseError) {
        try forEach(ids) { (database, id) throws(DatabaseError) in
            try database.run(
                "UPDATE device SET revoked = ? WHERE organisation = ? AND device_id = ?",
                [.integer(revoked ? 1 : 0), .integer(number), .text(id.text)])
        }
    }

    func remove(_ ids: [DeviceID]) throws(DatabaseError) {
        try forEach(ids) { (database, id) throws(DatabaseError) in
            try database.run(
                "DELETE FROM device WHERE organisation = ? AND device_id = ?", [.integer(number), .text(id.text)])
        }
    }

    /// Sets the plan. nil forgets it, and the next emulator begins with that of its command line.
    func setPlan(_ plan: Plan?) throws(DatabaseError) {
        try file.use { (database) throws(DatabaseError) in try setPlan(plan, in: database) }
    }

    /// Forgets the devices and the plan.
    func clear() throws(DatabaseError) {
        try file.use { (database) throws(DatabaseError) in
            try database.transaction { () throws(DatabaseError) in
                try database.run("DELETE FROM device WHERE organisation = ?", [.integer(number)])
                try setPlan(nil, in: database)
            }
        }
    }

    private func setPlan(_ plan: Plan?, in database: Database) throws(DatabaseError) {
        try database.run(
            "UPDATE organisation SET plan_tier = ?, plan_state = ?, execution_enabled = ? WHERE id = ?",
            [
                plan.map { .text($0.tier.rawValue) } ?? .null, plan.map { .text($0.state.rawValue) } ?? .null,
                plan.map { .integer($0.executionEnabled ? 1 : 0) } ?? .null, .integer(number),
            ])
    }

    /// Does something with each device, in one transaction.
    private func forEach(
        _ ids: [DeviceID], _ body: (Database, DeviceID) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        if ids.isEmpty { return }
        try file.use { (database) throws(DatabaseError) in
            try database.transaction { () throws(DatabaseError) in
                for id in ids { try body(database, id) }
            }
        }
    }
}
