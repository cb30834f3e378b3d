import Content
import LocalRegistry
import OCIModel
import TestSupport
import Testing

/// Archives from classic upstreams.
@Suite struct ChartFillTests {
    private let store: StoreFixture
    private let room: ChartNamespace
    private let app: UpstreamSample

    init() throws {
        store = try StoreFixture()
        room = try ChartNamespace(parsing: "room")
        app = try UpstreamSample("app", "1.0.0")
    }

    @Test("An archive becomes the artifact that an upload of it makes, and is known to be cached") func stored()
        async throws
    {
        let signed = app.chart.signed()
        let uploaded = try await StoreFixture().with { registry in
            let upload = try await registry.openChart(in: room)
            try await upload.append(signed.archive)
            return try await upload.finish(provenance: signed.provenance, replacing: false)
        }
        try await store.with { registry in
            let isVerified = Tally()
            let stored = try await registry.fillChart(app, provenance: signed.provenance) { isVerified.add() }
            #expect(stored == uploaded && isVerified.value == 1)
            #expect(try registry.listed(room) == ["app 1.0.0"])
            let origin = try #require(try registry.tagOrigin(app.tag, in: app.repository))
            #expect(origin.upstream == hub && origin.digest == stored.manifest)
            // The same again, as two clients at once may cause it.
            #expect(try await registry.fillChart(app, provenance: signed.provenance) == stored)
        }
        #expect(try store.usedSlots() == 0)
        #expect(try store.damagedFiles() == [])
    }

    @Test("It takes the place of a cached version, never of a pushed one") func replacing() async throws {
        let new = try UpstreamSample("app", "1.0.0", more: "description: new\n")
        try await store.with { registry in
            try await registry.fillChart(app)
            let stored = try await registry.fillChart(new)
            #expect(try registry.chartFile(named: "app-1.0.0.tgz", in: room)?.archive == new.archive)
            #expect(try registry.tagOrigin(app.tag, in: app.repository)?.digest == stored.manifest)
            try await app.chart.push(to: registry, app.repository)
            #expect(try registry.tagOrigin(app.tag, in: app.repository) == nil)
            var status: Int?
            do throws(ContentError) { try await registry.fillChart(new) } catch { status = error.httpStatus }
            #expect(status == 409)
            #expect(try registry.chartFile(named: "app-1.0.0.tgz", in: room)?.archive == app.archive)
        }
        #expect(try store.usedSlots() == 0)
    }

    @Test("What is not the chart it should be is refused, and leaves nothing") func refused() async throws {
        let two = try UpstreamSample("app", "2.0.0")
        try await store.with { registry in
            let isVerified = Tally()
            let corrupt = await failure { () throws(ContentError) in
                try await registry.fillChart(app, bytes: two.chart.archive) { isVerified.add() }
            }
            #expect(corrupt == .corrupt && isVerified.value == 0)
            #expect(try store.names("quarantine") == ["sha256-\(app.archive.hex)-1"])
            var messages: [String] = []
            let unsaid = app.listed(archive: .some(nil))
            for bytes in [two.chart.archive, Array("no archive".utf8), []] {
                do throws(ContentError) {
                    try await registry.fillChart(app, as: unsaid, bytes: bytes) { isVerified.add() }
                } catch {
                    messages.append(error.message)
                    #expect(error.httpStatus == 400)
                }
            }
            #expect(messages.count == 3 && messages.first?.contains("\"2.0.0\"") == true)
            #expect(isVerified.value == 0)
            #expect(try registry.listed(room) == [])
            // An index that says no digest is taken at its word.
            try await registry.fillChart(app, as: unsaid) { isVerified.add() }
            #expect(isVerified.value == 1)
            #expect(try registry.listed(room) == ["app 1.0.0"])
        }
        #expect(try store.usedSlots() == 0)
    }

    @Test("A provenance that vouches for something else is left out, and said so") func provenance() async throws {
        let wrong = app.chart.signed(for: [Digest(of: [1])]).provenance
        try await store.with { registry in
            let stored = try await registry.fillChart(app, provenance: wrong)
            #expect(stored.warnings.contains { $0.contains("does not vouch") })
            #expect(try registry.chartFile(named: "app-1.0.0.tgz", in: room)?.provenance == nil)
        }
    }

    @Test("A reader of the archive keeps it, whatever becomes of the fill") func readers() async throws {
        try await store.with { registry in
            let fill = try registry.openChartFill(in: room)
            try fill.append(app.chart.archive)
            let early = try fill.openReader()
            _ = try await fill.finish(app.listed(), from: hub, provenance: { nil }, {})
            #expect(contents(of: early) == app.chart.archive)
            #expect(contents(of: try fill.openReader()) == app.chart.archive)
            let dropped = try registry.openChartFill(in: room)
            try dropped.append([1])
            let reader = try dropped.openReader()
            dropped.abandon()
            #expect(contents(of: reader) == [1])
        }
    }
}
