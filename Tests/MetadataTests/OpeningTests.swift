import Content
import Metadata
import OCIModel
import SQLite
import TestSupport
import Testing

@Suite struct OpeningTests {
    private let scratch: ScratchDirectory
    private var path: String { scratch.path + "/db" }

    init() throws { scratch = try ScratchDirectory() }

    @Test("A new file has its schema and its mark") func new() throws {
        _ = try MetadataWriter(path: path)
        let connection = try Connection(path: path, .readOnly)
        #expect(try connection.schemaVersion() == 3)
        let mark = try connection.first("PRAGMA application_id") { row throws(SQLiteError) in row.integer(0) }
        #expect(mark == 0x4348_5254)
        _ = try MetadataWriter(path: path)
        #expect(try MetadataReader(path: path).totals().blobs == 0)
    }

    @Test("A file of schema 2 keeps all it holds, and takes what came with schema 3") func second() throws {
        let fixture = try MetadataFixture()
        let chart = TestChart(name: "app", version: "1.0.0", order: [1])
        let room = try ChartNamespace(parsing: "room")
        try fixture.push(chart, to: try name("room/app"))
        let old = try fixture.reader.chartRepository(room)
        try Connection(path: fixture.path, .readWrite).execute(OldSchema.two)
        let writer = try MetadataWriter(path: fixture.path)
        let reader = try MetadataReader(path: fixture.path)
        #expect(try reader.chartRepository(room) == old)
        #expect(try writer.unreadCharts(limit: 9).isEmpty)
        // A tag of an old store was pushed there: no upstream moves it.
        #expect(try reader.tagOrigin(try Tag(parsing: "1.0.0"), in: try name("room/app")) == nil)
        var left = [try TestChart(name: "app", version: "2.0.0", order: [2]).upstream()][...]
        let state = UpstreamIndexState(
            upstream: "hub", entityTag: nil, lastModified: nil, content: nil, checkedAt: 1, versionCount: 1)
        try writer.begin()
        _ = try writer.step { () throws(ContentError) in
            try writer.takeUpstreamIndex(state, of: room, deletes: false, at: 1) { left.popFirst() }
        }
        try writer.commit()
        #expect(try reader.chartRepository(room)?.versionCount == 2)
    }

    @Test("A file of a newer Chartroom is refused, and not as damaged") func newer() throws {
        _ = try MetadataWriter(path: path)
        try Connection(path: path, .readWrite).execute("PRAGMA user_version = 99")
        do {
            _ = try MetadataWriter(path: path)
            Issue.record("it was opened")
        } catch {
            #expect(kind(error) == "internal")
            #expect(error.message.contains("use a newer chartroom"))
        }
    }

    @Test("Another program's database is refused") func foreign() throws {
        try Connection(path: path, .readWrite).execute("PRAGMA application_id = 1; CREATE TABLE t (x)")
        #expect(failure { _ = try MetadataWriter(path: path) } == "internal")
    }

    @Test("What is no database is damage; what is not there is no reader's to make") func noDatabase() throws {
        #expect(failure { _ = try MetadataReader(path: path) } == "storageFull")
        #expect(failure { _ = try MetadataWriter(path: scratch.path + "/no/db") } == "storageFull")
        try scratch.write("db", String(repeating: "no database ", count: 500))
        #expect(failure { _ = try MetadataReader(path: path) } == "corrupt")
        #expect(failure { _ = try MetadataWriter(path: path) } == "corrupt")
    }

    @Test("Damaged pages are found out when they are read") func damaged() throws {
        let fixture = try MetadataFixture()
        let repository = try name("a")
        for number in 0..<200 { try fixture.push(SampleChart("app", "\(number)"), repository, tags: ["\(number)"]) }
        try fixture.writer.checkpoint()
        let size = 4096 * 20
        let file = try Array(fixture.contents().prefix(4096)) + [UInt8](repeating: 0x5A, count: size)
        try fixture.replace(by: file)
        #expect(failure { _ = try MetadataReader(path: fixture.copy).totals() } == "corrupt")
    }

    @Test("A full disk is told as one, and nothing is half done") func fullDisk() throws {
        let fixture = try MetadataFixture()
        let repository = try name("a")
        try fixture.push(SampleChart("app", "0"), repository, tags: ["0"])
        let totals = try fixture.reader.totals()
        try fixture.limit(pages: 90)
        var refused = 0
        for number in 1..<50 {
            let before = try fixture.reader.totals()
            if failure({ try fixture.pushLarge(number, repository) }) == "storageFull" {
                refused += 1
                let after = try fixture.reader.totals()
                #expect(after.manifests == before.manifests && after.tags == before.tags)
            }
        }
        #expect(refused > 10)
        #expect(try fixture.reader.totals().manifests > totals.manifests)
        try fixture.limit(pages: 100_000)
        try fixture.pushLarge(99, repository)
        #expect(try fixture.reader.manifest(try tag("99"), in: repository) != nil)
    }
}
