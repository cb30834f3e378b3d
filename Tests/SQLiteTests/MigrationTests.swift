import SQLite
import TestSupport
import Testing

@Suite struct MigrationTests {
    private let scratch: Scratch
    private let first = Migration(
        version: 1,
        sql: """
            CREATE TABLE a (x INTEGER);
            CREATE TRIGGER on_a AFTER INSERT ON a BEGIN UPDATE a SET x = x + 1; END;
            """)
    private let second = Migration(version: 2, sql: "CREATE TABLE b (y INTEGER); INSERT INTO b VALUES (7);")

    init() throws { scratch = try Scratch() }

    private func tables(_ connection: Connection) throws -> [String] {
        try connection.texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    }

    @Test("A new file gets every step and its marks") func new() throws {
        let connection = try scratch.open()
        #expect(try connection.schemaVersion() == 0)
        try connection.migrate([first, second], applicationID: 77)
        #expect(try connection.schemaVersion() == 2)
        #expect(try tables(connection) == ["a", "b"])
        #expect(try connection.number("PRAGMA application_id") == 77)
    }

    @Test("An older file gets the steps it lacks, once, and keeps its rows") func older() throws {
        do {
            let connection = try scratch.open()
            try connection.migrate([first], applicationID: 77)
            try connection.run("INSERT INTO a VALUES (1)")
        }
        let connection = try scratch.open()
        for _ in 0..<2 { try connection.migrate([first, second], applicationID: 77) }
        #expect(try connection.schemaVersion() == 2)
        #expect(try connection.number("SELECT x FROM a") == 2)
        #expect(try connection.number("SELECT count(*) FROM b") == 1)
    }

    @Test("A newer file is refused, not called damaged, and not touched") func newer() throws {
        try scratch.open().migrate([first, second], applicationID: 77)
        let connection = try scratch.open()
        let error = #expect(throws: SQLiteError.self) { try connection.migrate([first], applicationID: 77) }
        #expect(error?.message.contains("use a newer chartroom") == true)
        #expect(error?.isCorrupt == false)
        #expect(error?.isStorageFailure == false)
        #expect(try connection.schemaVersion() == 2)
    }

    @Test("Another program's file is refused and not touched") func foreign() throws {
        let connection = try scratch.open()
        try connection.execute("PRAGMA application_id = 5; CREATE TABLE theirs (z INTEGER)")
        let error = #expect(throws: SQLiteError.self) { try connection.migrate([first], applicationID: 77) }
        #expect(error?.message.contains("another program") == true)
        #expect(try tables(connection) == ["theirs"])
        #expect(try connection.number("PRAGMA application_id") == 5)
    }

    @Test("A step that fails is undone, and those before it stay") func failing() throws {
        let connection = try scratch.open()
        let bad = Migration(version: 2, sql: "CREATE TABLE b (y INTEGER); CREATE TABLE a (again INTEGER);")
        #expect(throws: SQLiteError.self) { try connection.migrate([first, bad], applicationID: 77) }
        #expect(!connection.isInTransaction)
        #expect(try connection.schemaVersion() == 1)
        #expect(try tables(connection) == ["a"])
        try connection.migrate([first, second], applicationID: 77)
        #expect(try tables(connection) == ["a", "b"])
    }

    @Test("No steps leave an empty file as it is") func none() throws {
        let connection = try scratch.open()
        try connection.migrate([], applicationID: 77)
        #expect(try connection.schemaVersion() == 0)
    }
}
