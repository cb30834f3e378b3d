public import Content
internal import OCIModel
internal import SQLite

/// The one writer.
///
/// Belongs to the committer's thread.
///
/// Every public function below is one step of a transaction that the committer opens with `begin` and ends with
/// `commit`; a step that throws is undone alone, and the others stand.
public final class MetadataWriter {
    let sql: SQL
    private let connection: Connection

    /// Whether charts were left to be examined since somebody last looked.
    public internal(set) var hasLeftCharts = false

    /// Opens or makes the file and brings its schema up to date.
    ///
    /// - Throws: `.storageFull`, `.corrupt`, or `.internal` for a file of a newer Chartroom.
    public init(path: String) throws(ContentError) {
        do {
            connection = try Connection(path: path, .readWrite)
            // 16 MiB of log before it is copied back: two flushes in some 500 pushes.
            try connection.execute("PRAGMA wal_autocheckpoint = 4000")
            try connection.migrate(Schema.migrations, applicationID: Schema.applicationID)
        } catch {
            throw SQL.error(error)
        }
        sql = SQL(connection: connection)
    }

    /// Opens a transaction.
    public func begin() throws(ContentError) {
        try sql.run("BEGIN IMMEDIATE")
    }

    /// Runs one step so that it can fail alone.
    ///
    /// - Throws: what the body throws; `.storageFull` when SQLite has given the transaction up, as it does after some
    ///   errors: a step would then be a transaction of its own.
    public func step<Value>(_ body: () throws(ContentError) -> Value) throws(ContentError) -> Value {
        try connection.nested(mapping: SQL.error) { () throws(ContentError) in
            let value = try body()
            try settleCharts()
            return value
        }
    }

    /// Does something inside a step and undoes it; gives what it gave.
    public func tryOut<Value>(_ body: () throws(ContentError) -> Value) throws(ContentError) -> Value {
        var result: Result<Value, ContentError>?
        do throws(ContentError) {
            try connection.nested(mapping: SQL.error) { () throws(ContentError) in
                do throws(ContentError) { result = .success(try body()) } catch { result = .failure(error) }
                throw .conflict("it was only tried out")
            }
        } catch {
            guard result != nil else { throw error }
        }
        guard let result else { throw .internal("what was tried out was not done") }
        return try result.get()
    }

    /// Ends the transaction; unless `setDurable(false)` was asked for, it is on the disk when this returns.
    public func commit() throws(ContentError) {
        do throws(SQLiteError) {
            guard connection.isInTransaction else {
                throw SQLiteError(code: 10, message: "SQLite gave the transaction up; the disk may be full or failing")
            }
            try connection.execute("COMMIT")
        } catch {
            connection.rollBack()
            throw SQL.error(error)
        }
    }

    /// Gives the open transaction up.
    public func rollBack() {
        connection.rollBack()
    }

    /// Whether the next commits are flushed (the default) or ride with a later flush.
    ///
    /// Between transactions only.
    public func setDurable(_ isDurable: Bool) throws(ContentError) {
        do {
            try connection.setSynchronization(isDurable ? .full : .normal)
        } catch {
            throw SQL.error(error)
        }
    }

    // MARK: Repositories

    /// A repository's row, made when it is missing.
    ///
    /// - Throws: `.denied` when it may not be written to.
    func writableRepository(_ name: RepositoryName, at now: Int64) throws(ContentError) -> Int64 {
        if let row = try repositoryRow(name) {
            guard row.locks.contains(.write) else {
                throw .denied("repository \(name) is locked against writing; unlock it with writeEnabled=true")
            }
            return row.id
        }
        try sql.run(
            "INSERT INTO repositories (name, created_at, updated_at) VALUES (?1, ?2, ?2)",
            [.text(name.description), .integer(now)])
        return connection.lastInsertedRow
    }

    func repositoryRow(_ name: RepositoryName) throws(ContentError) -> (id: Int64, locks: AttributeLocks)? {
        try sql.first("SELECT id, locks FROM repositories WHERE name = ?1", [.text(name.description)]) {
            (id: $0.integer(0), locks: $0.locks(1))
        }
    }

    func knownRepository(_ name: RepositoryName) throws(ContentError) -> (id: Int64, locks: AttributeLocks) {
        guard let row = try repositoryRow(name) else { throw .nameUnknown("repository \(name) is not known here") }
        return row
    }

    var lastInsertedRow: Int64 { connection.lastInsertedRow }

    // MARK: Pulls

    /// Writes when manifests were last pulled, by row number.
    public func notePulls(_ pulls: [Int64: Int64]) throws(ContentError) {
        for (row, time) in pulls {
            try sql.run("UPDATE manifests SET pulled_at = ?2 WHERE id = ?1", [.integer(row), .integer(time)])
        }
    }

    // MARK: Housekeeping

    /// Writes something and takes it back, so that the transaction is one that the log holds.
    ///
    /// A commit that failed may still be in the log, and be found there after a crash, until a later one overwrites it.
    public func overwriteLog() throws(ContentError) {
        try sql.run("INSERT OR IGNORE INTO removals (digest) VALUES (x'00')")
        try sql.run("DELETE FROM removals WHERE digest = x'00'")
    }

    /// Copies the log into the database file as far as readers allow.
    public func checkpoint() throws(ContentError) {
        do { try connection.checkpoint() } catch { throw SQL.error(error) }
    }
}
