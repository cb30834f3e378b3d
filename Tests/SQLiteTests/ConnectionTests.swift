import Posix
import SQLite
import TestSupport
import Testing

/// A database file of the test's own.
struct Scratch {
    let directory: ScratchDirectory
    var path: String { directory.path + "/db" }

    init() throws { directory = try ScratchDirectory() }

    func open(_ mode: Connection.Mode = .readWrite) throws(SQLiteError) -> Connection {
        try Connection(path: path, mode)
    }
}

extension Connection {
    func number(_ sql: StaticString) throws(SQLiteError) -> Int64? {
        try first(sql) { row throws(SQLiteError) in row.integer(0) }
    }

    func texts(_ sql: StaticString) throws(SQLiteError) -> [String] {
        try all(sql) { row throws(SQLiteError) in row.text(0) }
    }
}

@Suite struct ConnectionTests {
    private let scratch: Scratch
    private let connection: Connection

    init() throws {
        scratch = try Scratch()
        connection = try scratch.open()
        try connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value ANY) STRICT")
    }

    private func insert(_ value: SQLValue) throws(SQLiteError) {
        try connection.run("INSERT INTO t (value) VALUES (?1)", [value])
    }

    @Test("A new file is in WAL mode, with foreign keys, and flushes each commit") func pragmas() throws {
        #expect(try connection.texts("PRAGMA journal_mode") == ["wal"])
        #expect(try connection.number("PRAGMA foreign_keys") == 1)
        #expect(try connection.number("PRAGMA synchronous") == 2)
        try connection.setSynchronization(.normal)
        #expect(try connection.number("PRAGMA synchronous") == 1)
        try connection.setSynchronization(.full)
        #expect(try connection.number("PRAGMA synchronous") == 2)
    }

    @Test("Every kind of value comes back as it went in") func values() throws {
        for value: SQLValue in [
            .null, .integer(0), .integer(.max), .integer(.min), .text(""), .text("a\0b"), .text("häß🦭"), .blob([]),
            .blob([0, 1, 255]),
        ] {
            try insert(value)
        }
        #expect(
            try connection.texts("SELECT typeof(value) FROM t ORDER BY id")
                == ["null", "integer", "integer", "integer", "text", "text", "text", "blob", "blob"])
        try connection.forEach("SELECT value FROM t WHERE id = 1") { row throws(SQLiteError) in
            #expect(row.isNull(0))
            #expect(row.integer(0) == 0 && row.text(0) == "" && row.blob(0) == [])
            #expect(row.optionalInteger(0) == nil && row.optionalText(0) == nil)
            return true
        }
        let integers = try connection.all("SELECT value FROM t WHERE id IN (3, 4)") { row throws(SQLiteError) in
            row.optionalInteger(0)
        }
        #expect(integers == [.max, .min])
        let strings = try connection.all("SELECT value FROM t WHERE id IN (5, 6, 7)") { row throws(SQLiteError) in
            row.optionalText(0)
        }
        #expect(strings == ["", "a\0b", "häß🦭"])
        let blobs = try connection.all("SELECT value FROM t WHERE id IN (8, 9)") { row throws(SQLiteError) in
            row.isNull(0) ? [9, 9] : row.blob(0)
        }
        #expect(blobs == [[], [0, 1, 255]])
    }

    @Test("Nil binds as NULL, and only nil does") func optionals() {
        #expect(SQLValue.optional(Int64?.none) == .null)
        #expect(SQLValue.optional(String?.none) == .null)
        #expect(SQLValue.optional([UInt8]?.none) == .null)
        #expect(SQLValue.optional(7) == .integer(7))
        #expect(SQLValue.optional("") == .text(""))
        #expect(SQLValue.optional([UInt8]()) == .blob([]))
    }

    @Test("Text that is not UTF-8 is repaired, never trapped on") func invalidText() throws {
        try connection.run("INSERT INTO t (value) VALUES (CAST(x'61ff62' AS TEXT))")
        #expect(try connection.texts("SELECT value FROM t") == ["a\u{FFFD}b"])
    }

    @Test("A statement tells how many rows it changed, and the row it made") func changes() throws {
        for number in 1...3 { try insert(.integer(Int64(number))) }
        #expect(connection.lastInsertedRow == 3)
        #expect(try connection.run("UPDATE t SET value = 0 WHERE id > ?1", [.integer(1)]) == 2)
        #expect(try connection.run("DELETE FROM t WHERE id = 99") == 0)
        #expect(try connection.run("INSERT OR IGNORE INTO t (id, value) VALUES (1, 5)") == 0)
    }

    @Test("A listing can stop early, and the statement is free again") func early() throws {
        for number in 1...3 { try insert(.text("\(number)")) }
        for _ in 0..<2 {
            let first = try connection.first("SELECT value FROM t ORDER BY id") { row throws(SQLiteError) in row.text(0)
            }
            #expect(first == "1")
        }
        // An open cursor would keep the table from going.
        try connection.execute("DROP TABLE t")
    }

    @Test("An error in a row's body ends the listing, and the statement is free again") func bodyError() throws {
        try insert(.text("x"))
        let refusal = SQLiteError(code: 999, message: "no")
        for _ in 0..<2 {
            #expect(throws: refusal) {
                try connection.forEach("SELECT value FROM t") { _ throws(SQLiteError) in throw refusal }
            }
        }
        try connection.execute("DROP TABLE t")
    }

    @Test("A prepared statement keeps nothing of its last use, and follows the schema") func cache() throws {
        func find(_ id: Int64) throws(SQLiteError) -> String? {
            try connection.first("SELECT value FROM t WHERE id = ?1", [.integer(id)]) { row throws(SQLiteError) in
                row.text(0)
            }
        }
        try insert(.text("a"))
        try insert(.text("b"))
        #expect(try find(1) == "a")
        #expect(try find(2) == "b")
        #expect(try find(3) == nil)
        #expect(try find(1) == "a")
        try connection.execute("ALTER TABLE t ADD COLUMN more TEXT")
        #expect(try find(2) == "b")
    }

    @Test("Two statements may be open at once") func nestedListings() throws {
        for number in 1...3 { try insert(.integer(Int64(number))) }
        var lists: [[Int64]] = []
        try connection.forEach("SELECT id FROM t ORDER BY id") { outer throws(SQLiteError) in
            let below = try connection.all("SELECT id FROM t WHERE id < ?1 ORDER BY id", [.integer(outer.integer(0))]) {
                row throws(SQLiteError) in row.integer(0)
            }
            lists.append(below)
            return true
        }
        #expect(lists == [[], [1], [1, 2]])
    }

    @Test("Using a statement inside itself is a programmer's error") func reentrance() async {
        await #expect(processExitsWith: .failure) {
            let scratch = try Scratch()
            let connection = try scratch.open()
            try connection.execute("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1), (2)")
            func list(_ depth: Int) throws(SQLiteError) {
                try connection.forEach("SELECT id FROM t") { _ throws(SQLiteError) in
                    if depth == 0 { try list(1) }
                    return true
                }
            }
            try list(0)
        }
    }

    @Test("Too few values are a programmer's error") func bindingCount() async {
        await #expect(processExitsWith: .failure) {
            let connection = try Scratch().open()
            try connection.run("SELECT ?1")
        }
    }

    @Test("Two connections: a reader sees what is committed, and keeps what it saw while it reads")
    func visibility() throws {
        let reader = try scratch.open(.readOnly)
        func count() throws(SQLiteError) -> Int64? { try reader.number("SELECT count(*) FROM t") }
        #expect(try count() == 0)
        try connection.execute("BEGIN IMMEDIATE")
        try insert(.text("x"))
        #expect(try count() == 0)
        try connection.execute("COMMIT")
        #expect(try count() == 1)
        try reader.read(
            { () throws(SQLiteError) in
                #expect(try count() == 1)
                try connection.run("DELETE FROM t")
                #expect(try count() == 1)
            }, mapping: { $0 })
        #expect(try count() == 0)
        #expect(!reader.isInTransaction)
    }

    @Test("A reader cannot write") func readOnly() throws {
        let reader = try scratch.open(.readOnly)
        let error = #expect(throws: SQLiteError.self) { try reader.run("DELETE FROM t") }
        #expect(error?.primaryCode == 8)
        #expect(error?.isStorageFailure == true)
    }

    @Test("A checkpoint moves the log into the file, readers or not") func checkpoint() throws {
        try insert(.text("kept"))
        let reader = try scratch.open(.readOnly)
        try reader.read(
            { () throws(SQLiteError) in
                #expect(try reader.number("SELECT count(*) FROM t") == 1)
                try connection.checkpoint()
            }, mapping: { $0 })
        try connection.checkpoint()
        #expect(try connection.texts("SELECT value FROM t") == ["kept"])
    }
}
