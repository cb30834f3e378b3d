import Content
import Glibc
import OCIModel
import Posix
import SQLite
import TestSupport

@testable import Metadata

extension MetadataFixture {
    /// The rows of a table, counted one by one.
    func count(_ table: String) throws -> Int64? {
        // A statement's text must be a literal, so the table's name goes through a view.
        let connection = try Connection(path: path, .readWrite)
        try connection.execute("CREATE TEMP VIEW counted AS SELECT count(*) AS rows FROM \(table)")
        return try connection.first("SELECT rows FROM counted") { row throws(SQLiteError) in row.integer(0) }
    }

    /// Lets the file grow to so many pages of 4 KiB: what a full disk does.
    func limit(pages: Int) throws {
        try writer.sql.connection.execute("PRAGMA max_page_count = \(pages)")
    }

    /// Pushes a manifest of 20 kB under a tag.
    func pushLarge(_ number: Int, _ repository: RepositoryName) throws {
        let bytes = Array(#"{"layers":[],"number":\#(number),"text":"\#(String(repeating: "x", count: 20_000))"}"#.utf8)
        try put(
            StoredManifest(digest: Digest(of: bytes), mediaType: try MediaType(parsing: "a/b+json"), bytes: bytes),
            repository, tags: ["\(number)"])
    }

    /// The database file as it lies on the disk.
    func contents() throws -> [UInt8] {
        let file = File(descriptor: open(path, O_RDONLY | O_CLOEXEC), name: path)
        return try file.read(at: 0, maximumBytes: 64 << 20)
    }

    var copy: String { scratch.path + "/copy" }

    /// Writes a file beside the database.
    func replace(by bytes: [UInt8]) throws {
        try Directory(creating: scratch.path).open("copy", .createNew).write(bytes.span)
    }
}
