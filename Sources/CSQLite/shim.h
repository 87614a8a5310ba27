// SQLite for Swift.
#pragma once
#include <sqlite3.h>

// Swift cannot import SQLITE_TRANSIENT, which tells SQLite to copy the text.
static inline int sqlite_bind_copied_text(sqlite3_stmt *statement, int position, const char *text, int size) {
    return sqlite3_bind_text(statement, position, text, size, SQLITE_TRANSIENT);
}
