import Glibc
import Posix
import SQLite
import TestSupport
import Testing

@Suite struct FailureTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("A malformed statement is an error that quotes it") func malformed() throws {
        let connection = try scratch.open()
        let error = #expect(throws: SQLiteError.self) { try connection.run("SELEKT 1") }
        #expect(error?.code == 1)
        #expect(error?.message.contains("SELEKT") == true)
        #expect(error?.description.hasPrefix("SQLite 1: ") == true)
        #expect(throws: SQLiteError.self) { try connection.execute("SELEKT 2") }
    }

    @Test(
        "A broken constraint gives its extended code and changes nothing",
        arguments: [
            ("INSERT INTO child VALUES (1, 99)", Int32(787)), ("INSERT INTO parent VALUES (1, 'b')", 1555),
            ("INSERT INTO parent VALUES (2, 'a')", 2067), ("INSERT INTO parent VALUES (2, NULL)", 1299),
            ("INSERT INTO parent VALUES (2, 'toolong')", 275), ("INSERT INTO child VALUES ('x', 1)", 3091),
        ])
    func constraints(sql: String, code: Int32) throws {
        let connection = try scratch.open()
        try connection.execute(
            """
            CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK (length(name) < 5)) STRICT;
            CREATE TABLE child (number INTEGER, parent INTEGER REFERENCES parent(id)) STRICT;
            INSERT INTO parent VALUES (1, 'a');
            """)
        let error = #expect(throws: SQLiteError.self) { try connection.execute(sql) }
        #expect(error?.code == code)
        #expect(error?.primaryCode == 19)
        #expect(error?.isStorageFailure == false)
        #expect(error?.isCorrupt == false)
        #expect(try connection.number("SELECT (SELECT count(*) FROM parent) + (SELECT count(*) FROM child)") == 1)
    }

    @Test("A full disk is a storage failure; what was committed stays, and a delete makes room again")
    func fullDisk() throws {
        let connection = try scratch.open()
        try connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value BLOB)")
        try connection.execute("PRAGMA max_page_count = 20")
        let page = SQLValue.blob([UInt8](repeating: 7, count: 3000))
        var kept: Int64 = 0
        let error = #expect(throws: SQLiteError.self) {
            for _ in 0..<100 {
                _ = try connection.write { () throws(SQLiteError) in
                    try connection.run("INSERT INTO t (value) VALUES (?1)", [page])
                }
                kept += 1
            }
        }
        #expect(error?.primaryCode == 13)
        #expect(error?.isStorageFailure == true)
        #expect(!connection.isInTransaction)
        #expect(kept > 5)
        #expect(try connection.number("SELECT count(*) FROM t") == kept)
        try connection.run("DELETE FROM t WHERE id = 1")
        try connection.run("INSERT INTO t (value) VALUES (?1)", [page])
        #expect(try connection.number("SELECT count(*) FROM t") == kept)
    }

    @Test("A file that is no database is told apart, whoever opens it") func noDatabase() throws {
        try scratch.directory.write("db", String(repeating: "no database ", count: 500))
        for mode in [Connection.Mode.readOnly, .readWrite] {
            let error = #expect(throws: SQLiteError.self) { try scratch.open(mode) }
            #expect(error?.isCorrupt == true)
        }
    }

    @Test("A failed opening leaves no descriptor behind") func noLeak() throws {
        try scratch.directory.write("db", String(repeating: "no database ", count: 500))
        let path = scratch.path
        for _ in 0..<20 { #expect(throws: SQLiteError.self) { try Connection(path: path, .readWrite) } }
        let open = try Directory(creating: "/proc/self/fd").names().compactMap { CInt($0) }
        #expect(open.count { isOpen($0, path) } == 0)
    }

    private func isOpen(_ number: CInt, _ path: String) -> Bool {
        var (mine, other) = (stat(), stat())
        guard fstat(number, &mine) == 0, stat(path, &other) == 0 else { return false }
        return mine.st_ino == other.st_ino && mine.st_dev == other.st_dev
    }

    @Test("A path that leads nowhere cannot be opened") func cannotOpen() throws {
        for mode in [Connection.Mode.readOnly, .readWrite] {
            let error = #expect(throws: SQLiteError.self) {
                try Connection(path: scratch.directory.path + "/no/db", mode)
            }
            #expect(error?.primaryCode == 14)
            #expect(error?.isStorageFailure == true)
            #expect(error?.message.contains("/no/db") == true)
        }
        #expect(throws: SQLiteError.self) { try scratch.open(.readOnly) }
    }

    @Test("A database that cannot have a log is refused, not opened in another mode") func noLog() {
        let error = #expect(throws: SQLiteError.self) { try Connection(path: ":memory:", .readWrite) }
        #expect(error?.message.contains("WAL") == true)
    }

    @Test("Codes are told apart by kind") func codes() {
        for code: Int32 in [13, 10, 8, 14, 10 | 3 << 8, 8 | 1 << 8] {
            #expect(SQLiteError(code: code, message: "").isStorageFailure)
            #expect(!SQLiteError(code: code, message: "").isCorrupt)
        }
        for code: Int32 in [11, 26, 11 | 1 << 8] {
            #expect(SQLiteError(code: code, message: "").isCorrupt)
            #expect(!SQLiteError(code: code, message: "").isStorageFailure)
        }
        for code: Int32 in [0, 1, 5, 17, 19, 100] {
            #expect(!SQLiteError(code: code, message: "").isCorrupt)
            #expect(!SQLiteError(code: code, message: "").isStorageFailure)
        }
    }
}
