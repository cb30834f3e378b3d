import Content
import Metadata
import OCIModel
import SQLite
import TestSupport
import Testing

@Suite struct ChartListingTests {
    private let fixture: MetadataFixture
    private let room: ChartNamespace
    private let app: RepositoryName

    init() throws {
        fixture = try MetadataFixture()
        room = try ChartNamespace(parsing: "room")
        app = try name("room/app")
    }

    private func chart(_ version: String, _ order: UInt8, name: String = "app") -> TestChart {
        TestChart(name: name, version: version, order: [order])
    }

    @Test("Versions are listed by name, the newest first, between any two keys") func order() throws {
        for (version, order) in [("1.0.0", 1), ("3.0.0", 3), ("2.0.0", 2)] as [(String, UInt8)] {
            try fixture.push(chart(version, order), to: app)
        }
        try fixture.push(chart("1.0.0", 1, name: "Zoo"), to: try name("room/zoo"))
        try fixture.push(chart("1.0.0", 1, name: "elsewhere"), to: try name("hall/elsewhere"))
        #expect(try fixture.entries(room) == ["Zoo 1.0.0", "app 3.0.0", "app 2.0.0", "app 1.0.0"])
        let (two, one) = (ChartVersionKey(name: "app", order: [2]), ChartVersionKey(name: "app", order: [1]))
        #expect(try fixture.entries(room, from: two) == ["app 2.0.0", "app 1.0.0"])
        #expect(try fixture.entries(room, from: two, before: one) == ["app 2.0.0"])
        #expect(try fixture.entries(room, before: two) == ["Zoo 1.0.0", "app 3.0.0"])
        // No order stands behind every version of a chart.
        let (all, none) = (ChartVersionKey(name: "app", order: [0xFF]), ChartVersionKey(name: "app", order: []))
        #expect(try fixture.entries(room, from: all, before: none) == ["app 3.0.0", "app 2.0.0", "app 1.0.0"])
        #expect(try fixture.entries(room, from: none) == [])
        #expect(try fixture.reader.chartNames(in: room, PageRequest(limit: 1)).elements == ["Zoo"])
        #expect(try fixture.reader.chartNames(in: room, PageRequest(limit: 9, last: "Zoo")).elements == ["app"])
        #expect(try fixture.reader.chartRepository(room)?.versionCount == 4)
        #expect(try fixture.reader.chartRepository(room)?.chartCount == 2)
        #expect(try fixture.reader.chartRepository(try ChartNamespace(parsing: "none")) == nil)
    }

    @Test("A version is listed while the tag of its version names it") func tags() throws {
        let one = chart("1.0.0", 1)
        try fixture.push(one, to: app, tags: ["latest"])
        #expect(try fixture.entries(room) == [])
        #expect(try fixture.reader.chartProblem(of: one.sample.manifest.digest, in: app)?.contains("1.0.0") == true)
        try fixture.put(one.sample.manifest, app, tags: ["1.0.0"])
        #expect(try fixture.entries(room) == ["app 1.0.0"])
        #expect(try fixture.reader.chartProblem(of: one.sample.manifest.digest, in: app) == nil)
        // The tag moves to another build of the version, and then away from charts altogether.
        try fixture.push(SampleChart("plain", "x"), app, tags: ["1.0.0"])
        #expect(try fixture.entries(room) == [])
        try fixture.put(one.sample.manifest, app, tags: ["1.0.0"])
        try fixture.deleteTag("1.0.0", app)
        #expect(try fixture.entries(room) == [])
        #expect(try fixture.reader.searchCharts("app", in: nil, limit: 9).isEmpty)
        #expect(try fixture.reader.chartRepository(room)?.chartCount == 0)
    }

    @Test("Locks hide a version from the index, and show it again") func locks() throws {
        let (one, two) = (chart("1.0.0", 1), chart("2.0.0", 2))
        try fixture.push(one, to: app)
        try fixture.push(two, to: app)
        try fixture.lock(.list, of: try tag("2.0.0"), app)
        #expect(try fixture.entries(room) == ["app 1.0.0"])
        #expect(try fixture.reader.chartProblem(of: two.sample.manifest.digest, in: app)?.contains("lock") == true)
        try fixture.lock(.list, of: try tag("2.0.0"), app, on: true)
        try fixture.lock(.list, of: .digest(one.sample.manifest.digest), app)
        #expect(try fixture.entries(room) == ["app 2.0.0"])
        try fixture.lock(.list, of: .digest(one.sample.manifest.digest), app, on: true)
        try fixture.lock(.list, app)
        #expect(try fixture.entries(room) == [])
        try fixture.lock(.list, app, on: true)
        #expect(try fixture.entries(room) == ["app 2.0.0", "app 1.0.0"])
        try fixture.lock(.read, of: try tag("2.0.0"), app)
        #expect(try fixture.reader.chartFile(named: "app-2.0.0.tgz", in: room)?.locks.contains(.read) == false)
        #expect(try fixture.reader.chartFile(named: "app-1.0.0.tgz", in: room)?.locks.contains(.read) == true)
    }

    @Test("What is no chart is listed nowhere, with its reason, until it is noted as one") func problems() throws {
        let one = chart("1.0.0", 1)
        try fixture.push(one.sample, app, tags: ["1.0.0", "also"])
        try fixture.step { writer throws(ContentError) in
            try writer.noteChart(.problem("it is broken"), of: one.sample.manifest.digest, in: app)
        }
        #expect(try fixture.entries(room) == [])
        let unlisted = try fixture.reader.unlistedCharts(limit: 9)
        #expect(unlisted.map(\.problem) == ["it is broken"])
        #expect(unlisted.first?.tags.map(\.description) == ["1.0.0", "also"])
        #expect(try !fixture.reader.isKnownChart(one.sample.manifest.digest, in: app))
        try fixture.push(one, to: app)
        #expect(try fixture.reader.isKnownChart(one.sample.manifest.digest, in: app))
        #expect(try fixture.reader.unlistedCharts(limit: 9).isEmpty)
        #expect(try fixture.entries(room) == ["app 1.0.0"])
    }

    @Test("Two charts that would share a repository or a file: the second is listed nowhere") func collisions() throws {
        try fixture.push(chart("1.0.0", 1), to: app)
        let loud = chart("2.0.0", 2, name: "App")
        try fixture.push(loud, to: app)
        #expect(try fixture.entries(room) == ["app 1.0.0"])
        let problem = try fixture.reader.chartProblem(of: loud.sample.manifest.digest, in: app)
        #expect(problem?.contains("\"app\"") == true && problem?.contains("\"App\"") == true)
        // app-1 2.0.0 and app 1-2.0.0 are one file.
        let first = TestChart(name: "app-1", version: "2.0.0", order: [1])
        let second = TestChart(name: "app", version: "1-2.0.0", order: [9])
        try fixture.push(first, to: try name("room/app-1"))
        try fixture.push(second, to: app)
        #expect(try fixture.entries(room) == ["app 1.0.0", "app-1 2.0.0"])
        #expect(try fixture.reader.unlistedCharts(limit: 9).count == 2)
        // With the one in the way gone, noting the other again lists it.
        try fixture.delete(.digest(first.sample.manifest.digest), try name("room/app-1"))
        try fixture.push(second, to: app)
        #expect(try fixture.entries(room) == ["app 1-2.0.0", "app 1.0.0"])
    }

    @Test("Search finds every word by its beginning, best first, in the newest release") func search() throws {
        var web = TestChart(name: "web-server", version: "1.0.0", order: [1])
        web.description = "Serves pages to a browser"
        var new = web
        new = TestChart(name: "web-server", version: "2.0.0-rc1", order: [2], isPrerelease: true)
        new.description = "Rewritten"
        var store = TestChart(name: "store", version: "1.0.0", order: [1])
        store.keywords = "web database"
        try fixture.push(web, to: try name("room/web-server"))
        try fixture.push(new, to: try name("room/web-server"))
        try fixture.push(store, to: try name("hall/store"))
        func names(_ text: String, _ namespace: ChartNamespace? = nil) throws -> [String] {
            try fixture.reader.searchCharts(text, in: namespace, limit: 9).map { "\($0.name) \($0.version)" }
        }
        #expect(try names("web") == ["web-server 1.0.0", "store 1.0.0"])
        #expect(try names("WEB", room) == ["web-server 1.0.0"])
        #expect(try names("serv brows") == ["web-server 1.0.0"])
        #expect(try names("rewritten") == [])
        #expect(try names("web-server") == ["web-server 1.0.0"])
        // Nothing in a word is an operator.
        for text in ["web OR", "\"web", "name:web", "web*", "(web", "NEAR(web store)", "^web"] { _ = try names(text) }
        #expect(try names("NOT web") == [])
        for bad in ["", "  ", "-", "\"\"", String(repeating: "x", count: 2000)] {
            #expect(failure { _ = try names(bad) } == "parameterInvalid")
        }
        try fixture.deleteTag("1.0.0", try name("room/web-server"))
        #expect(try names("rewritten") == ["web-server 2.0.0-rc1"])
        #expect(try names("browser") == [])
    }

    @Test("What is meant for one manifest fails when its tag has moved") func movedTag() throws {
        let one = chart("1.0.0", 1)
        try fixture.push(one, to: app)
        let tag = try Tag(parsing: "1.0.0")
        func check() throws {
            try fixture.step { writer throws(ContentError) in
                try writer.checkTag(tag, names: one.sample.manifest.digest, in: app)
            }
        }
        try check()
        try fixture.push(SampleChart("other", "x"), app, tags: ["1.0.0"])
        #expect(throws: ContentError.self) { try check() }
        try fixture.deleteTag("1.0.0", app)
        #expect(throws: ContentError.self) { try check() }
    }

    @Test("Pushing a listed version again changes no index") func again() throws {
        let one = chart("1.0.0", 1)
        try fixture.push(one, to: app)
        let revision = try fixture.reader.chartRepository(room)?.revision
        try fixture.push(one, to: app)
        #expect(try fixture.reader.chartRepository(room)?.revision == revision)
    }

    @Test("The change log names what changed since a revision, or says that it is too long ago") func changes() throws {
        try fixture.push(chart("1.0.0", 1), to: app)
        let revision = try #require(try fixture.reader.chartRepository(room)?.revision)
        #expect(try fixture.reader.changedEntries(in: room, since: revision) == [])
        try fixture.push(chart("2.0.0", 2), to: app)
        try fixture.deleteTag("1.0.0", app)
        let keys = try #require(try fixture.reader.changedEntries(in: room, since: revision))
        #expect(Set(keys.map(\.order)) == [[2], [1]])
        #expect(try fixture.reader.changedEntries(in: room, since: revision + 100) == nil)
        for _ in 0..<2100 {
            try fixture.lock(.list, of: try tag("2.0.0"), app)
            try fixture.lock(.list, of: try tag("2.0.0"), app, on: true)
        }
        #expect(try fixture.reader.changedEntries(in: room, since: revision) == nil)
    }

    @Test("An old file gets its charts read: every manifest with Helm's config is in the backlog") func backlog() throws
    {
        try fixture.push(SampleChart("app", "1"), app, tags: ["1"])
        try fixture.writer.checkpoint()
        let connection = try Connection(path: fixture.path, .readWrite)
        try connection.execute(OldSchema.one)
        let writer = try MetadataWriter(path: fixture.path)
        let unread = try writer.unreadCharts(limit: 9)
        #expect(unread.map(\.repository) == [app])
        try writer.begin()
        try writer.step { () throws(ContentError) in
            try writer.noteChart(.problem("no chart"), of: unread[0].manifest.digest, in: app)
        }
        try writer.commit()
        #expect(try writer.unreadCharts(limit: 9).isEmpty)
    }
}
