// What Swift cannot import of SQLite: cast macros and variadic functions.
#pragma once
#include <sqlite3.h>

static inline sqlite3_destructor_type chartroom_sqlite_transient(void) { return SQLITE_TRANSIENT; }
static inline int chartroom_sqlite_disable_memory_status(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
static inline int chartroom_sqlite_db_config_int(sqlite3 *db, int option, int value) {
    int result = 0;
    return sqlite3_db_config(db, option, value, &result);
}
