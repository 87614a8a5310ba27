/// The organisations by their keys. They share nothing: a device of one is unknown to the others.
struct Authority: Sendable {
    private let organisations: [OrgKey: Organisation]

    init(keys: [OrgKey], plan: Plan) {
        organisations = Dictionary(keys.map { ($0, Organisation(plan: plan)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The organisation with this key. A missing and an unknown key are refused alike.
    func organisation(_ key: String?) throws(Refusal) -> Organisation {
        guard let key, let organisation = OrgKey(key).flatMap({ organisations[$0] }) else { throw .invalidOrgKey }
        return organisation
    }
}
