/// The organisations by their keys. They share nothing: a device of one is unknown to the others.
struct Authority: Sendable {
    private let organisations: [OrgKey: Organisation]

    /// Each organisation begins with the plan and the scenario. With a state file, it begins with what that has of it.
    init(
        keys: [OrgKey], plan: Plan, scenario: Scenario? = nil, state: StateFile? = nil
    ) throws(DatabaseError) {
        var organisations: [OrgKey: Organisation] = [:]
        for key in keys {
            let store = try state?.organisation(key)
            organisations[key] = try Organisation(plan: plan, scenario: scenario, store: store)
        }
        self.organisations = organisations
    }

    /// The organisation with this key. A missing and an unknown key are refused alike.
    func organisation(_ key: String?) throws(Refusal) -> Organisation {
        guard let key, let organisation = OrgKey(key).flatMap({ organisations[$0] }) else { throw .invalidOrgKey }
        return organisation
    }
}
