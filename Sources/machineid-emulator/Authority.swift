/// The organisations, each behind its key. They share nothing: a device of one is unknown to another.
struct Authority: Sendable {
    private let organisations: [OrgKey: Organisation]

    init(keys: [OrgKey], plan: Plan) {
        organisations = Dictionary(keys.map { ($0, Organisation(plan: plan)) }, uniquingKeysWith: { first, _ in first })
    }

    func organisation(_ key: String?) throws(Refusal) -> Organisation {
        guard let key, let organisation = OrgKey(key).flatMap({ organisations[$0] }) else { throw .invalidOrgKey }
        return organisation
    }
}
