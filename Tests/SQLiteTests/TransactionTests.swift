import SQLite
import TestSupport
import Testing

@Suite struct TransactionTests {
    private struct Refusal: Error, Equatable {
        var text = "refused"
    }

    private let scratch: Scratch
    private let connection: Connection

    init() throws {
        scratch = try Scratch()
        connection = try scratch.open()
        try connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value BLOB)")
    }

    private func insert(_ id: Int64) throws(SQLiteError) {
        try connection.run("INSERT INTO t (id) VALUES (?1)", [.integer(id)])
    }

    private func step(_ body: () throws(SQLiteError) -> Void) throws(SQLiteError) {
        try connection.nested(mapping: { $0 }, body)
    }

    private func ids() throws(SQLiteError) -> [Int64] {
        try connection.all("SELECT id FROM t ORDER BY id") { row throws(SQLiteError) in row.integer(0) }
    }

    @Test("A transaction is kept whole or not at all") func whole() throws {
        let value = try connection.write { () throws(SQLiteError) in
            try insert(1)
            return 5
        }
        #expect(value == 5)
        #expect(throws: SQLiteError.self) {
            _ = try connection.write { () throws(SQLiteError) in
                try insert(2)
                try insert(1)
            }
        }
        #expect(!connection.isInTransaction)
        #expect(try ids() == [1])
    }

    @Test("A step that throws is undone alone, with its own error") func nested() throws {
        try connection.write { () throws(SQLiteError) in
            try insert(1)
            #expect(throws: Refusal()) {
                try connection.nested(mapping: { Refusal(text: $0.message) }) { () throws(Refusal) in
                    do throws(SQLiteError) { try insert(2) } catch { throw Refusal(text: error.message) }
                    throw Refusal()
                }
            }
            #expect(connection.isInTransaction)
            try step { () throws(SQLiteError) in try insert(3) }
        }
        #expect(try ids() == [1, 3])
    }

    @Test("Steps nest in steps") func deeper() throws {
        try connection.write { () throws(SQLiteError) in
            try step { () throws(SQLiteError) in
                try insert(1)
                #expect(throws: SQLiteError.self) {
                    try step { () throws(SQLiteError) in
                        try insert(2)
                        try insert(1)
                    }
                }
                try step { () throws(SQLiteError) in try insert(3) }
            }
        }
        #expect(try ids() == [1, 3])
    }

    @Test("A step outside a transaction is refused: it would be committed by itself") func outside() throws {
        var hasRun = false
        let error = #expect(throws: SQLiteError.self) {
            try step { () throws(SQLiteError) in
                hasRun = true
                try insert(1)
            }
        }
        #expect(!hasRun)
        #expect(error?.isStorageFailure == true)
        #expect(try ids() == [])
    }

    @Test("When SQLite gives the transaction up, no later step is kept") func givenUp() throws {
        try connection.execute("BEGIN IMMEDIATE")
        try insert(1)
        #expect(throws: SQLiteError.self) {
            try step { () throws(SQLiteError) in
                connection.rollBack()
                throw SQLiteError(code: 13, message: "as a full disk does")
            }
        }
        #expect(!connection.isInTransaction)
        #expect(throws: SQLiteError.self) { try step { () throws(SQLiteError) in try insert(2) } }
        #expect(try ids() == [])
    }

    @Test("A full disk makes SQLite give the transaction up: nothing of it is kept, nothing more is taken")
    func fullDisk() throws {
        try connection.execute("PRAGMA max_page_count = 20")
        try connection.execute("BEGIN IMMEDIATE")
        try step { () throws(SQLiteError) in try insert(1) }
        let error = #expect(throws: SQLiteError.self) {
            try step { () throws(SQLiteError) in
                try insert(2)
                try connection.run("INSERT INTO t (value) VALUES (zeroblob(200000))")
            }
        }
        #expect(error?.primaryCode == 13)
        #expect(!connection.isInTransaction)
        #expect(throws: SQLiteError.self) { try step { () throws(SQLiteError) in try insert(3) } }
        #expect(try ids() == [])
        try connection.write { () throws(SQLiteError) in try insert(4) }
        #expect(try ids() == [4])
    }

    @Test("Rolling back without a transaction is fine") func rollBack() throws {
        connection.rollBack()
        try connection.execute("BEGIN")
        try insert(1)
        connection.rollBack()
        connection.rollBack()
        #expect(try ids() == [])
    }

    @Test("A read transaction ends when its body throws") func readEnds() throws {
        #expect(throws: Refusal()) {
            try connection.read({ () throws(Refusal) in throw Refusal() }, mapping: { Refusal(text: $0.message) })
        }
        #expect(!connection.isInTransaction)
    }
}
