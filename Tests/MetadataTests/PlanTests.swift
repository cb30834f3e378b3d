import Content
import OCIModel
import SQLite
import TestSupport
import Testing

@testable import Metadata

/// No query grows with the store: none reads a table from end to end, and none takes more steps in a large store.
@Suite struct PlanTests {
    /// Statements that may read a whole table: it has one row, or only what was under way when a process died.
    private static let small = [
        "FROM totals", "FROM promotions p JOIN", "FROM upload_sessions", "FROM removals WHERE", "DELETE FROM removals",
        "WHERE is_settled = 0", "FROM chart_backlog", "FROM chart_search",
        // By row number, which is the order asked for, over an index that holds nothing else.
        "WHERE (c.problem IS NOT NULL",
    ]

    private let subject = SampleChart("subject", "1").manifest

    /// A store with so many of everything, in one repository and in the catalog.
    private func fill(_ count: Int) throws -> MetadataFixture {
        let fixture = try MetadataFixture()
        let (room, hall) = (try name("room"), try name("hall"))
        for number in 0..<count {
            let chart = SampleChart("app", "\(number)", archiveBytes: 8)
            try fixture.push(chart, room, tags: ["v\(number)", "moving"])
            try fixture.push(referrer(number), room)
            try fixture.link([UInt8(number & 255), UInt8(number >> 8), 7], hall)
            try fixture.push(SampleChart("app", "0", archiveBytes: 8), try name("catalog/r\(number)"), tags: ["t"])
        }
        for number in 0..<count {
            try fixture.push(listed("app", UInt8(number)), to: try name("charts/app"))
            try fixture.push(listed("chart\(number)", 0), to: try name("charts/chart\(number)"))
            try fixture.push(listed("app", 0), to: try name("spaces/s\(number)/app"))
        }
        for number in 0..<count { try fixture.cache(listed("app", UInt8(number)), in: try name("cached/app")) }
        try fixture.take((0..<count).map { try listed("app", UInt8($0)).upstream() }, of: "mirror")
        try fixture.push(SampleChart("many-tags", "1"), hall, tags: (0..<count).map { "t\($0)" })
        return fixture
    }

    private func listed(_ name: String, _ order: UInt8) -> TestChart {
        TestChart(name: name, version: "\(order).0.0", order: [order])
    }

    /// What reads charts and their listings.
    private func readCharts(_ reader: MetadataReader) throws {
        let space = try ChartNamespace(parsing: "charts")
        _ = try reader.chartRepository(space)
        let key = ChartVersionKey(name: "app", order: [3])
        for end in [nil, ChartVersionKey(name: "app", order: [1])] {
            var left = 2
            try reader.forEachEntry(in: space, from: key, before: end) { _ in
                left -= 1
                return left > 0
            }
        }
        if let revision = try reader.chartRepository(space)?.revision {
            #expect(try reader.changedEntries(in: space, since: revision - 2)?.count == 2)
        }
        for last in [nil, "chart2"] { _ = try reader.chartNames(in: space, PageRequest(limit: 3, last: last)) }
        _ = try reader.chartFile(named: "app-3.0.0.tgz", in: space)
        let manifest = listed("app", 3).sample.manifest.digest
        _ = try reader.chartFile(ofArchive: Digest(of: listed("app", 3).sample.archive), in: space)
        _ = try reader.isKnownChart(manifest, in: try name("charts/app"))
        _ = try reader.chartProblem(of: manifest, in: try name("charts/app"))
        for namespace in [nil, space] {
            for last in [nil, ChartCursor(namespace: space, name: "chart1")] {
                _ = try reader.charts(in: namespace, PageRequest(limit: 3, last: last))
            }
        }
        _ = try reader.versions(of: "chart3", in: space)
        _ = try reader.unlistedCharts(limit: 3)
    }

    /// What reads what upstreams have.
    private func readUpstreams(_ reader: MetadataReader) throws {
        let (space, cached) = (try ChartNamespace(parsing: "mirror"), try name("cached/app"))
        for end in [nil, ChartVersionKey(name: "app", order: [1])] {
            var left = 2
            try reader.forEachEntry(in: space, from: ChartVersionKey(name: "app", order: [3]), before: end) { _ in
                left -= 1
                return left > 0
            }
        }
        _ = try reader.tagOrigin(try Tag(parsing: "3.0.0"), in: cached)
        _ = try reader.namedBlob(Digest(of: listed("app", 3).sample.archive), in: cached)
        _ = try reader.chartsWaiting(for: Digest(of: listed("app", 3).sample.archive), in: cached, limit: 3)
        _ = try reader.cachedListing(.tags(cached))
        _ = try reader.cachedTagCounts(below: "hall")
        _ = try reader.repository(below: try name("room"), after: nil)
        _ = try reader.repository(below: try name("catalog"), after: try name("catalog/r1"))
        _ = try reader.upstreamIndex(of: space)
        _ = try reader.upstreamChart(named: "app-3.0.0.tgz", in: space)
        _ = try reader.upstreamChart(tagged: try Tag(parsing: "3.0.0"), of: try name("mirror/app"))
        _ = try reader.upstreamChart(
            ofArchive: Digest(of: listed("app", 3).sample.archive), of: try name("mirror/app"))
        for last in [nil, "2.0.0"] {
            _ = try reader.upstreamTags(of: try name("mirror/app"), PageRequest(limit: 3, last: last))
        }
    }

    private func referrer(_ number: Int) -> SampleChart {
        var chart = SampleChart("referrer", "\(number)", archiveBytes: 8)
        let json = JSONValue.object([
            ("schemaVersion", .integer(2)), ("config", Descriptor(of: chart.config, .helmConfig).json),
            ("layers", .array([])),
            ("subject", Descriptor(of: subject.bytes, subject.mediaType).json),
        ])
        let bytes = json.text(.go)
        chart.manifest = StoredManifest(digest: Digest(of: bytes), mediaType: .ociManifest, bytes: bytes)
        return chart
    }

    /// Every function of the reader, on what every store of `fill` holds.
    private func readAll(_ reader: MetadataReader) throws {
        let (room, hall) = (try name("room"), try name("hall"))
        let digest = SampleChart("app", "3", archiveBytes: 8).manifest.digest
        let many = SampleChart("many-tags", "1")
        _ = try reader.manifest(try tag("v3"), in: room)
        _ = try reader.manifest(.digest(digest), in: room)
        _ = try reader.holdsWhole(digest, in: room)
        _ = try reader.locks(of: room)
        _ = try reader.blob(Digest(of: many.config), in: hall)
        _ = try reader.slot(of: Digest(of: many.config))
        _ = try reader.totals()
        for last in [nil, "catalog/r2", "zzz"] { _ = try reader.repositories(PageRequest(limit: 3, last: last)) }
        _ = try reader.repository(room)
        for last in [nil, "v2", "zzz"] {
            _ = try reader.tags(in: room, PageRequest(limit: 3, last: last))
            _ = try reader.tagList(in: room, naming: nil, PageRequest(limit: 3, last: last))
        }
        for last in [nil, "t2"] {
            _ = try reader.tagList(in: hall, naming: many.manifest.digest, PageRequest(limit: 3, last: last))
        }
        _ = try reader.tag(try Tag(parsing: "v3"), in: room)
        for last in [nil, digest] { _ = try reader.manifests(in: room, PageRequest(limit: 3, last: last)) }
        _ = try reader.manifestAttributes(digest, in: room)
        for type in [nil, MediaType.helmConfig.description] {
            _ = try reader.referrers(of: subject.digest, in: room, artifactType: type, PageRequest(limit: 3))
        }
        _ = try reader.history(of: try Tag(parsing: "moving"), in: room, limit: 3)
        try readCharts(reader)
        try readUpstreams(reader)
    }

    /// What a cache writes, about one tag, one blob and one small index.
    private func writeUpstreams(_ fixture: MetadataFixture) throws {
        let (small, chart) = (try name("small/app"), listed("app", 3))
        try fixture.cache(chart, in: small)
        try fixture.link(chart.sample.archive, small)
        let version = try Tag(parsing: chart.version)
        for young in [0, fixture.now + 1_000_000] {
            var upstream = try chart.upstream()
            upstream.visibleFrom = young
            try fixture.take([upstream], of: "small")
        }
        try fixture.take([], of: "small", deletes: true)
        try fixture.cache(chart, in: small)
        try fixture.step { writer throws(ContentError) in
            try writer.noteTagChecks([TagCheck(repository: small, tag: version, time: fixture.now + 1, isGone: true)])
            try writer.checkCached(version, in: small)
            try writer.keepListing(
                CachedListing(upstream: "hub", entityTag: nil, checkedAt: 1, elements: ["a"]), .tags(small))
            try writer.settleYoung(at: fixture.now)
            var dropped = MetadataWriter.DroppedContent()
            _ = try writer.purgeCached(in: small, PurgeOptions(), after: "", limit: 9, at: fixture.now, &dropped)
            _ = try writer.purgeUnnamed(in: small, PurgeOptions(), after: 0, limit: 9, &dropped)
            _ = try writer.purgeListings(below: try! RepositoryName(parsing: "small"), limit: 9)
        }
    }

    /// Every function of the writer but those of start-up and the removal of a repository.
    private func writeAll(_ fixture: MetadataFixture) throws {
        let (room, hall) = (try name("room"), try name("hall"))
        let (chart, small) = (SampleChart("new", "1"), try name("catalog/r1"))
        try fixture.push(chart, room, tags: ["new", "moving"])
        try fixture.push(chart, room, tags: ["new"])
        try fixture.step { writer throws(ContentError) in
            _ = try writer.mountBlob(Digest(of: chart.config), from: room, into: hall, at: 1)
            _ = try writer.mountBlob(Digest(of: chart.archive), from: nil, into: hall, at: 1)
            try writer.notePulls([1: 2])
            try writer.addPromotion(slot: "new", Digest(of: [1]))
            _ = try writer.slot(of: Digest(of: [1]))
            try writer.forgetPromotions(["new"])
            // One with few tags: each of them may leave the index or come back.
            try writer.changeAttributes(AttributeChange(disable: .list), of: nil, in: small)
            try writer.changeAttributes(AttributeChange(enable: .list), of: nil, in: small)
            try writer.changeAttributes(AttributeChange(enable: .list), of: .digest(chart.manifest.digest), in: room)
            try writer.overwriteLog()
            _ = try writer.unreadCharts(limit: 3)
        }
        let extra = listed("extra", 1)
        try fixture.push(extra, to: try name("charts/extra"))
        let row = try extra.row()
        try fixture.step { writer throws(ContentError) in
            try writer.checkVacancy(for: row, in: try! RepositoryName(parsing: "charts/none"))
            try writer.checkTag(
                row.tag, names: extra.sample.manifest.digest, in: try! RepositoryName(parsing: "charts/extra"))
            try writer.checkListed(extra.sample.manifest.digest, in: try! RepositoryName(parsing: "charts/extra"))
            try writer.removeChart(
                "extra", version: "1.0.0", in: try ChartNamespace(parsing: "charts"), at: 1)
        }
        try writeUpstreams(fixture)
        try fixture.lock(.list, of: try tag("new"), room, on: true)
        try fixture.deleteTag("new", room)
        try fixture.delete(.digest(chart.manifest.digest), room)
        _ = try fixture.unlink(chart.config, room)
        _ = try fixture.unlink(chart.config, hall)
        try fixture.step { writer throws(ContentError) in try writer.forgetLostBlob(Digest(of: chart.archive)) }
        let upload = MetadataWriter.UploadRow(
            id: try #require(UploadID(String(repeating: "0", count: 32))), repository: room, slot: "s",
            algorithm: .sha256,
            client: "c", startedAt: 0)
        try fixture.step { writer throws(ContentError) in
            try writer.addUpload(upload)
            try writer.removeUpload(upload.id)
        }
    }

    @Test("Every statement follows an index from a cursor") func plans() throws {
        let fixture = try fill(5)
        try readAll(fixture.reader)
        try writeAll(fixture)
        _ = try fixture.writer.promotions()
        _ = try fixture.writer.removals()
        _ = try fixture.writer.uploads()
        let victim = try name("catalog/r4")
        try fixture.step { writer throws(ContentError) in _ = try writer.deleteRepository(victim) }
        let plans = try fixture.reader.sql.connection.takePlans() + fixture.writer.sql.connection.takePlans()
        #expect(plans.count > 60)
        // The one row of totals is read as a table: without such lines this test would see nothing.
        #expect(plans.contains { $0.grows })
        for plan in plans where !PlanTests.small.contains(where: { plan.sql.contains($0) }) {
            #expect(!plan.grows, "\(plan.sql)\n\(plan.lines.joined(separator: "\n"))")
        }
    }

    @Test("A query takes as many steps in a store ten times as large") func readSteps() throws {
        func steps(_ count: Int) throws -> [String: Int] {
            let reader = try fill(count).reader
            try readAll(reader)
            _ = try reader.sql.connection.takePlans()
            try readAll(reader)
            return try reader.sql.connection.takePlans().reduce(into: [:]) { $0[$1.sql] = $1.steps }
        }
        let (small, large) = (try steps(12), try steps(120))
        #expect(small.count > 15)
        #expect(Set(small.keys) == Set(large.keys))
        for (sql, steps) in small { #expect(large[sql] ?? .max <= steps, "\(sql)") }
    }

    @Test("A push or a delete takes as many steps in a store ten times as large") func writeSteps() throws {
        func steps(_ count: Int) throws -> [String: Int] {
            let fixture = try fill(count)
            _ = try fixture.writer.sql.connection.takePlans()
            try writeAll(fixture)
            return try fixture.writer.sql.connection.takePlans().reduce(into: [:]) { $0[$1.sql] = $1.steps }
        }
        let (small, large) = (try steps(12), try steps(120))
        #expect(small.count > 30)
        for (sql, steps) in small { #expect(large[sql] == steps, "\(sql)") }
    }
}
