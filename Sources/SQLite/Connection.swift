// SQLite: the mechanics of SQL: connections, statements, transactions, migrations. It knows no table.
//
// Thread rule: a connection belongs to one thread at a time and is not Sendable. Statements are cached by their text
// and never leave the closure they are used in.

internal import CSQLite

/// One connection to a database file, with its prepared statements.
public final class Connection {
    /// How a file is opened.
    public enum Mode: Sendable {
        /// Reads only; the file must exist.
        case readOnly
        /// Reads and writes; makes the file when it is missing.
        case readWrite
    }

    /// When a commit is on the disk.
    public enum Synchronization: Sendable {
        /// Each commit is flushed before it returns.
        case full
        /// Commits reach the disk with the next flush; a power cut may take the last ones, never the order of them.
        case normal
    }

    let handle: OpaquePointer
    private var statements: [UnsafePointer<UInt8>: Statement] = [:]
    private var synchronization = Synchronization.full

    /// Turns off SQLite's process-wide memory statistics, which cost a lock an allocation.
    ///
    /// Call before any connection.
    public static func prepareProcess() {
        _ = chartroom_sqlite_disable_memory_status()
    }

    /// Opens a file in WAL mode with foreign keys on.
    ///
    /// `cacheBytes` bounds the page cache. No lock of its own: the caller keeps to one thread.
    public init(path: String, _ mode: Mode, cacheBytes: Int = 2 << 20) throws(SQLiteError) {
        var handle: OpaquePointer?
        let flags: Int32
        switch mode {
        case .readOnly: flags = SQLITE_OPEN_READONLY
        case .readWrite: flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        }
        let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let handle else {
            let message = String(cString: sqlite3_errstr(code))
            sqlite3_close_v2(handle)
            throw SQLiteError(code: code, message: "cannot open \(path): \(message)")
        }
        self.handle = handle
        sqlite3_busy_timeout(handle, 10_000)
        _ = chartroom_sqlite_db_config_int(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
        _ = chartroom_sqlite_db_config_int(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        try execute("PRAGMA cache_size = -\(max(64, cacheBytes / 1024))")
        try execute("PRAGMA foreign_keys = ON")
        if case .readWrite = mode {
            let journal = try first("PRAGMA journal_mode = WAL") { row throws(SQLiteError) in row.text(0) }
            guard journal == "wal" else {
                throw SQLiteError(code: 14, message: "\(path) cannot be in WAL mode: its file system shares no memory")
            }
            try execute("PRAGMA synchronous = FULL")
            try execute("PRAGMA temp_store = MEMORY")
        }
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement.handle) }
        sqlite3_close_v2(handle)
    }

    /// Runs statements that give no rows and need no parameters, one after the other.
    public func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, sql) }
    }

    /// Sets when the next commits are on the disk.
    ///
    /// Not inside a transaction.
    public func setSynchronization(_ wanted: Synchronization) throws(SQLiteError) {
        guard wanted != synchronization else { return }
        switch wanted {
        case .full: try execute("PRAGMA synchronous = FULL")
        case .normal: try execute("PRAGMA synchronous = NORMAL")
        }
        synchronization = wanted
    }

    /// Runs a statement and hands each row to the body, which returns whether to go on.
    ///
    /// The statement is prepared once a connection; `sql` must therefore be a literal.
    public func forEach(
        _ sql: StaticString, _ bindings: [SQLValue] = [], _ body: (Row) throws(SQLiteError) -> Bool
    ) throws(SQLiteError) {
        let statement = try statement(sql)
        // Its rows would come to the wrong loop.
        precondition(sqlite3_stmt_busy(statement.handle) == 0, "a statement is used inside itself")
        defer { statement.reset() }
        try statement.bind(bindings, on: self)
        while true {
            let code = sqlite3_step(statement.handle)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code, "\(sql)") }
            guard try body(Row(handle: statement.handle)) else { return }
        }
    }

    /// Runs a statement for its effect; gives the number of rows changed.
    @discardableResult
    public func run(_ sql: StaticString, _ bindings: [SQLValue] = []) throws(SQLiteError) -> Int {
        try forEach(sql, bindings) { _ throws(SQLiteError) in true }
        return Int(sqlite3_changes64(handle))
    }

    /// All rows, each made into a value.
    public func all<Value>(
        _ sql: StaticString, _ bindings: [SQLValue] = [], _ body: (Row) throws(SQLiteError) -> Value
    ) throws(SQLiteError) -> [Value] {
        var values: [Value] = []
        try forEach(sql, bindings) { row throws(SQLiteError) in
            values.append(try body(row))
            return true
        }
        return values
    }

    /// The first row, made into a value, or nil when there is none.
    public func first<Value>(
        _ sql: StaticString, _ bindings: [SQLValue] = [], _ body: (Row) throws(SQLiteError) -> Value
    ) throws(SQLiteError) -> Value? {
        var value: Value?
        try forEach(sql, bindings) { row throws(SQLiteError) in
            value = try body(row)
            return false
        }
        return value
    }

    /// The row id the last insert made.
    public var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Whether a transaction is open; SQLite closes one by itself after some errors.
    public var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Copies the log into the database file as far as readers allow; never waits for them.
    public func checkpoint() throws(SQLiteError) {
        let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        guard code == SQLITE_OK || code == SQLITE_BUSY else { throw failure(code, "checkpoint") }
    }

    private func statement(_ sql: StaticString) throws(SQLiteError) -> Statement {
        if let known = statements[sql.utf8Start] { return known }
        var prepared: OpaquePointer?
        let code = sql.utf8Start.withMemoryRebound(to: CChar.self, capacity: sql.utf8CodeUnitCount) {
            sqlite3_prepare_v3(
                handle, $0, Int32(sql.utf8CodeUnitCount), UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        }
        guard code == SQLITE_OK, let prepared else { throw failure(code, "\(sql)") }
        let statement = Statement(handle: prepared)
        statements[sql.utf8Start] = statement
        return statement
    }

    func failure(_ code: Int32, _ sql: String) -> SQLiteError {
        SQLiteError(code: code, message: String(cString: sqlite3_errmsg(handle)) + " (" + sql.prefix(120) + ")")
    }
}
