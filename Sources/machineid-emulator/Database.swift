import CSQLite

/// A SQLite database. One thread at a time may use it.
final class Database {
    enum Value {
        case integer(Int)
        case text(String)
        case null
    }

    /// The row that a statement has come to.
    struct Row {
        fileprivate let statement: OpaquePointer

        func integer(_ column: Int32) -> Int { Int(sqlite3_column_int64(statement, column)) }

        /// nil for NULL.
        func text(_ column: Int32) -> String? {
            guard let bytes = sqlite3_column_text(statement, column) else { return nil }
            let count = Int(sqlite3_column_bytes(statement, column))
            return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
        }
    }

    private let handle: OpaquePointer?

    /// Opens the file, and makes it when it does not exist.
    init(_ path: String) throws(DatabaseError) {
        var opened: OpaquePointer?
        // A name that SQLite would take for something else than a file does not begin with a slash or a dot.
        let file = path.hasPrefix("/") ? path : "./" + path
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let status = sqlite3_open_v2(file, &opened, flags, nil)
        handle = opened
        if status != SQLITE_OK { throw error(status) }
        sqlite3_extended_result_codes(handle, 1)
        // An emulator that was told to end still has the file for a moment.
        sqlite3_busy_timeout(handle, 2000)
    }

    deinit { sqlite3_close(handle) }

    /// Runs one statement, and calls `read` with each row.
    func run(_ statement: String, _ values: [Value] = [], read: (Row) -> Void = { _ in }) throws(DatabaseError) {
        var prepared: OpaquePointer?
        try check(sqlite3_prepare_v2(handle, statement, -1, &prepared, nil))
        defer { sqlite3_finalize(prepared) }
        guard let prepared else { return }
        for (index, value) in values.enumerated() {
            let position = Int32(index + 1)
            switch value {
            case .integer(let number): try check(sqlite3_bind_int64(prepared, position, sqlite3_int64(number)))
            case .text(let text):
                try check(sqlite_bind_copied_text(prepared, position, text, Int32(text.utf8.count)))
            case .null: try check(sqlite3_bind_null(prepared, position))
            }
        }
        while true {
            let status = sqlite3_step(prepared)
            if status == SQLITE_DONE { return }
            if status != SQLITE_ROW { throw error(status) }
            read(Row(statement: prepared))
        }
    }

    /// Runs statements of which either all take effect or none.
    func transaction(_ body: () throws(DatabaseError) -> Void) throws(DatabaseError) {
        try run("BEGIN IMMEDIATE")
        do throws(DatabaseError) {
            try body()
            try run("COMMIT")
        } catch {
            // It fails where SQLite has already rolled back, and that is as good.
            try? run("ROLLBACK")
            throw error
        }
    }

    private func check(_ status: Int32) throws(DatabaseError) {
        if status != SQLITE_OK { throw error(status) }
    }

    private func error(_ status: Int32) -> DatabaseError {
        DatabaseError(status: status & 0xFF, message: String(cString: sqlite3_errmsg(handle)))
    }
}

struct DatabaseError: Error {
    /// SQLite's primary result code.
    let status: Int32
    let message: String
}
