extension Connection {
    /// Runs the body in a transaction that may write; rolls back when it throws.
    public func write<Value>(_ body: () throws(SQLiteError) -> Value) throws(SQLiteError) -> Value {
        try execute("BEGIN IMMEDIATE")
        do {
            let value = try body()
            try execute("COMMIT")
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    /// Runs the body in a savepoint of the open transaction; undoes its work alone when it throws.
    ///
    /// When not even that can be undone, the whole transaction is rolled back: `isInTransaction` turns false. SQLite
    /// itself gives a transaction up after some errors, a full disk for one (sqlite.org/lang_transaction.html section
    /// 3.1). A step that begins after that is refused: outside a transaction its savepoint would commit by itself.
    /// - Throws: what the body throws; the mapped `SQLITE_IOERR` when there is no open transaction.
    public func nested<Value, Failure: Error>(
        mapping: (SQLiteError) -> Failure, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard isInTransaction else {
            throw mapping(
                SQLiteError(code: 10, message: "SQLite gave the transaction up; the disk may be full or failing"))
        }
        do { try run("SAVEPOINT nested") } catch { throw mapping(error) }
        let value: Value
        do {
            value = try body()
        } catch {
            undoNested()
            throw error
        }
        do {
            try run("RELEASE nested")
        } catch {
            undoNested()
            throw mapping(error)
        }
        return value
    }

    private func undoNested() {
        guard isInTransaction else { return }
        do {
            try run("ROLLBACK TO nested")
            try run("RELEASE nested")
        } catch {
            rollBack()
        }
    }

    /// Ends the open transaction, if there is one, without keeping its work.
    public func rollBack() {
        guard isInTransaction else { return }
        _ = try? execute("ROLLBACK")
    }

    /// Runs the body in a read transaction: every statement in it sees the same state.
    public func read<Value, Failure: Error>(
        _ body: () throws(Failure) -> Value, mapping: (SQLiteError) -> Failure
    ) throws(Failure) -> Value {
        do {
            _ = try run("BEGIN")
        } catch {
            throw mapping(error)
        }
        defer { _ = try? run("COMMIT") }
        return try body()
    }
}
