/// One step of a schema's history.
///
/// Steps are never edited after a release, only added.
public struct Migration: Sendable {
    /// The version the schema has after this step, counted from 1.
    public let version: Int64
    /// The statements.
    public let sql: String

    /// Pairs a version with its statements.
    public init(version: Int64, sql: String) {
        self.version = version
        self.sql = sql
    }
}

extension Connection {
    /// The schema's version: `PRAGMA user_version`, 0 for a new file.
    public func schemaVersion() throws(SQLiteError) -> Int64 {
        try first("PRAGMA user_version") { row throws(SQLiteError) in row.integer(0) } ?? 0
    }

    /// Brings the schema up to the last step, each step in its own durable transaction.
    ///
    /// - Throws: `SQLiteError`; `SQLITE_SCHEMA` for a file of a newer schema than the last step or of another
    ///   application, which is not touched.
    public func migrate(_ steps: [Migration], applicationID: Int32) throws(SQLiteError) {
        let current = try schemaVersion()
        let newest = steps.last?.version ?? 0
        guard current <= newest else {
            throw SQLiteError(
                code: 17,
                message: "the file has schema \(current), this binary knows \(newest): use a newer chartroom")
        }
        let owner = try first("PRAGMA application_id") { row throws(SQLiteError) in row.integer(0) } ?? 0
        guard owner == Int64(applicationID) || owner == 0 && current == 0 else {
            throw SQLiteError(code: 17, message: "the file is the database of another program (application \(owner))")
        }
        for step in steps where step.version > current {
            try write { () throws(SQLiteError) in
                try execute(step.sql)
                try execute("PRAGMA user_version = \(step.version)")
                try execute("PRAGMA application_id = \(applicationID)")
            }
        }
    }
}
