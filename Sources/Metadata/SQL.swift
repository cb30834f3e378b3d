internal import Content
internal import OCIModel
internal import SQLite

/// A connection whose errors are the store's: the one place where SQLite's result codes become `ContentError`.
struct SQL {
    let connection: Connection
    /// What people know the file by, to begin a sentence with.
    var file: StaticString = "the metadata"

    @discardableResult
    func run(_ sql: StaticString, _ bindings: [SQLValue] = []) throws(ContentError) -> Int {
        do { return try connection.run(sql, bindings) } catch { throw SQL.error(error, of: file) }
    }

    func first<Value>(
        _ sql: StaticString, _ bindings: [SQLValue] = [], _ body: (Row) -> Value
    ) throws(ContentError) -> Value? {
        do {
            return try connection.first(sql, bindings) { row throws(SQLiteError) in body(row) }
        } catch {
            throw SQL.error(error, of: file)
        }
    }

    func all<Value>(
        _ sql: StaticString, _ bindings: [SQLValue] = [], _ body: (Row) -> Value
    ) throws(ContentError) -> [Value] {
        do {
            return try connection.all(sql, bindings) { row throws(SQLiteError) in body(row) }
        } catch {
            throw SQL.error(error, of: file)
        }
    }

    /// Hands each row to the body, which returns whether to go on.
    func forEach(
        _ sql: StaticString, _ bindings: [SQLValue], _ body: (Row) -> Bool
    ) throws(ContentError) {
        do {
            try connection.forEach(sql, bindings) { row throws(SQLiteError) in body(row) }
        } catch {
            throw SQL.error(error, of: file)
        }
    }

    /// At most `limit` values and whether more follow: asks for one row more than wanted.
    func page<Value: Sendable>(
        _ sql: StaticString, _ bindings: [SQLValue], limit: Int, _ body: (Row) -> Value?
    ) throws(ContentError) -> Page<Value> {
        let (wanted, overflow) = limit.addingReportingOverflow(1)
        guard limit > 0 else { return Page(elements: [], hasMore: false) }
        var values = try all(sql, bindings + [.integer(Int64(overflow ? limit : wanted))], body)
        let hasMore = values.count > limit
        if hasMore { values.removeLast() }
        return Page(elements: values.compactMap { $0 }, hasMore: hasMore)
    }

    /// Runs the body in a transaction that may write; rolls back when it throws.
    func transaction<Value>(_ body: () throws(ContentError) -> Value) throws(ContentError) -> Value {
        try run("BEGIN IMMEDIATE")
        do throws(ContentError) {
            let value = try body()
            guard connection.isInTransaction else {
                throw .storageFull("\(file) gave a transaction up; the disk may be full or failing")
            }
            try run("COMMIT")
            return value
        } catch {
            connection.rollBack()
            throw error
        }
    }

    static func error(_ error: SQLiteError) -> ContentError { SQL.error(error, of: "the metadata") }

    static func error(_ error: SQLiteError, of file: StaticString) -> ContentError {
        if error.isBusy { return .unavailable("\(file) is held by another process for too long; try again") }
        if error.isStorageFailure {
            return .storageFull("\(file) cannot be written or read: \(error); free or repair the disk, then retry")
        }
        if error.isCorrupt { return .corrupt("\(file) is damaged: \(error); restore it from a backup") }
        return .internal("\(file) refused a statement: \(error)")
    }
}

extension SQLValue {
    static func digest(_ digest: Digest) -> SQLValue { .blob(digest.bytes) }
    static func digest(_ digest: Digest?) -> SQLValue { digest.map { .blob($0.bytes) } ?? .null }
}

extension Row {
    /// A digest column; nil when it holds none.
    func digest(_ column: Int32) -> Digest? { isNull(column) ? nil : Digest(bytes: blob(column)) }

    /// A media type column; what the store wrote is one.
    func mediaType(_ column: Int32) -> MediaType {
        let text = text(column)
        if text == MediaType.ociManifest.description { return .ociManifest }
        return (try? MediaType(parsing: text)) ?? .octetStream
    }

    func locks(_ column: Int32) -> AttributeLocks { AttributeLocks(rawValue: integer(column)) }
}
