internal import CTool

enum Environment {
    /// The value of a variable; nil when the variable is not set, or empty.
    static func text(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// The first of these variables that is set and not blank, and its name.
    static func first(_ names: [String]) -> (name: String, value: String)? {
        for name in names {
            if let value = text(name)?.trimmed, !value.isEmpty { return (name, value) }
        }
        return nil
    }

    static func set(_ name: String, _ value: String) throws(Failure) {
        guard setenv(name, value, 1) == 0 else { throw .outOfMemory }
    }

    /// The variables for --help.
    static let table = [
        (
            "MACHINEID_ORG_KEY_FILE",
            "the file with the org key, where --key-file is not given. MACHINEID_ORG_KEY must not be set as well"
        ),
        (
            "CREDENTIALS_DIRECTORY",
            "where neither is given, the folder in which systemd puts the file machineid-org-key"
        ),
        ("MACHINEID_ORG_KEY", "the org key, where none of the above gives a file"),
        ("MACHINEID_BASE_URL", "the URL of another authority than the service"),
        ("NO_COLOR", "where it is set, there are no colours"),
    ]
}
