import CSQLite

/// The state of organisations in a file that outlives the emulator. Any thread may use it.
///
/// Each change is a transaction, which is on the disk before the function returns. What a client has been told survives
/// a killed emulator and a loss of power.
final class StateFile: @unchecked Sendable {
    /// What `PRAGMA application_id` gives: "MIDe".
    static let applicationID = 0x4D49_4465
    /// What `PRAGMA user_version` gives, so that a later emulator knows how to read the file.
    static let formatVersion = 1

    private let database: Database
    /// For the thread that uses the database.
    private let turn = Monitor(())

    init(_ path: String) throws(Failure) {
        let name = path.quotedIfNecessary(maximum: 600)
        do throws(DatabaseError) {
            database = try Database(path)
            try Self.expectOwn(database, name)
        } catch {
            throw Failure(status: 1, "\(name): \(Self.advice(error))")
        }
    }

    /// The organisation with this key, which is written into the file when it is not in it.
    func organisation(_ key: OrgKey) throws(DatabaseError) -> OrganisationStore {
        let digest = SHA256.hexadecimal(key.secret)
        var number: Int?
        try use { (database) throws(DatabaseError) in
            try database.run("INSERT OR IGNORE INTO organisation (key_sha256) VALUES (?)", [.text(digest)])
            try database.run("SELECT id FROM organisation WHERE key_sha256 = ?", [.text(digest)]) {
                number = $0.integer(0)
            }
        }
        guard let number else { throw DatabaseError(status: SQLITE_CORRUPT, message: "an organisation is missing") }
        return OrganisationStore(file: self, number: number)
    }

    /// Gives the database to one thread at a time.
    func use<Result>(_ body: (Database) throws(DatabaseError) -> Result) throws(DatabaseError) -> Result {
        try turn.withLock { (_) throws(DatabaseError) in try body(database) }
    }

    /// Makes the tables in an empty file; throws when the file is something else than a state file.
    private static func expectOwn(_ database: Database, _ name: String) throws(DatabaseError) {
        // Only one emulator may use a file, because each keeps its devices in memory as well.
        try database.run("PRAGMA locking_mode = EXCLUSIVE")
        var (application, version, tables) = (0, 0, 0)
        try database.run("PRAGMA application_id") { application = $0.integer(0) }
        try database.run("PRAGMA user_version") { version = $0.integer(0) }
        try database.run("SELECT count(*) FROM sqlite_master") { tables = $0.integer(0) }
        if application != applicationID && tables > 0 {
            throw DatabaseError(status: SQLITE_NOTADB, message: "")
        }
        if version > formatVersion { throw DatabaseError(status: SQLITE_SCHEMA, message: "") }
        try database.run("PRAGMA journal_mode = WAL")
        // A transaction has reached the disk when it ends.
        try database.run("PRAGMA synchronous = FULL")
        try database.run("PRAGMA foreign_keys = ON")
        try database.transaction { () throws(DatabaseError) in
            for statement in schema { try database.run(statement) }
        }
    }

    private static let schema = [
        "PRAGMA application_id = \(applicationID)",
        "PRAGMA user_version = \(formatVersion)",
        """
        CREATE TABLE IF NOT EXISTS organisation (
            id INTEGER PRIMARY KEY, key_sha256 TEXT NOT NULL UNIQUE,
            plan_tier TEXT, plan_state TEXT, execution_enabled INTEGER)
        """,
        """
        CREATE TABLE IF NOT EXISTS device (
            organisation INTEGER NOT NULL REFERENCES organisation, device_id TEXT NOT NULL,
            number INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (organisation, device_id)) WITHOUT ROWID
        """,
    ]

    private static func advice(_ error: DatabaseError) -> String {
        switch error.status {
        case SQLITE_BUSY, SQLITE_LOCKED: "another emulator uses it; end that one, or give --state another file"
        case SQLITE_NOTADB: "is not a state file of machineid-emulator; give --state another file"
        case SQLITE_SCHEMA: "is from a later machineid-emulator; use that one, or give --state another file"
        case SQLITE_CANTOPEN: "cannot be opened; give --state a file in a folder that exists and can be written"
        case SQLITE_READONLY: "cannot be written; give --state a file that can"
        default: "\(error.message); give --state another file"
        }
    }
}
