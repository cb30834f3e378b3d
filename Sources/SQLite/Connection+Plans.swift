internal import CSQLite

/// How SQLite works off a statement, for tests that hold every query against its indexes.
package struct StatementPlan {
    /// The statement's text.
    package let sql: String
    /// The lines of `EXPLAIN QUERY PLAN`.
    package let lines: [String]
    /// Instructions of the virtual machine since the last look.
    package let steps: Int

    /// Whether its work grows with a table: it reads one from end to end, sorts, or builds an index for itself.
    package var grows: Bool {
        lines.contains { $0.contains("SCAN") || $0.contains("TEMP B-TREE") || $0.contains("AUTOMATIC") }
    }
}

extension Connection {
    /// The plans of all statements prepared so far; counts steps from zero again.
    package func takePlans() throws(SQLiteError) -> [StatementPlan] {
        var found: [(sql: String, steps: Int)] = []
        var statement = sqlite3_next_stmt(handle, nil)
        while let current = statement {
            if let text = sqlite3_sql(current) {
                found.append((String(cString: text), Int(sqlite3_stmt_status(current, SQLITE_STMTSTATUS_VM_STEP, 1))))
            }
            statement = sqlite3_next_stmt(handle, current)
        }
        var plans: [StatementPlan] = []
        // What a virtual table prepares for its own tables is not ours, and not to be prepared by others.
        for (sql, steps) in found where !sql.contains("'main'.'") {
            plans.append(StatementPlan(sql: sql, lines: try planLines(sql), steps: steps))
        }
        return plans
    }

    private func planLines(_ sql: String) throws(SQLiteError) -> [String] {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, "EXPLAIN QUERY PLAN " + sql, -1, &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw failure(code, sql) }
        defer { sqlite3_finalize(prepared) }
        var lines: [String] = []
        while sqlite3_step(prepared) == SQLITE_ROW {
            if let text = sqlite3_column_text(prepared, 3) { lines.append(String(cString: text)) }
        }
        return lines
    }
}
