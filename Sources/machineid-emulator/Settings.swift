/// Reads the bodies of the operator's endpoints.
enum Settings {
    /// Throws when the object has a key that is not known.
    static func expect(_ known: [String], in settings: JSONObject) throws(Refusal) {
        if let unknown = settings.keys.first(where: { !known.contains($0) }) {
            let name = unknown.quotedIfNecessary(maximum: 80)
            throw .badRequest(
                "invalid_setting", "there is no setting \(name); there are \(known.joined(separator: ", "))")
        }
    }

    /// A whole number of at least `least`; nil when the key is missing.
    static func number(_ key: String, from least: Int, in settings: JSONObject) throws(Refusal) -> Int? {
        guard settings.keys.contains(key) else { return nil }
        guard let number = settings.integer(key), number >= least else {
            throw .badRequest("invalid_setting", "\(key) must be a whole number from \(least) on")
        }
        return number
    }

    /// One of the choices; nil when the key is missing.
    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, in settings: JSONObject
    ) throws(Refusal) -> Choice? where Choice.RawValue == String {
        guard settings.keys.contains(key) else { return nil }
        guard let choice = settings.string(key).flatMap(Choice.init(rawValue:)) else {
            throw .badRequest("invalid_setting", "\(key) must be one of \(Choice.names)")
        }
        return choice
    }
}

extension CaseIterable where Self: RawRepresentable, RawValue == String {
    /// The choices for a message, such as `free, pro, scale, max`.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
