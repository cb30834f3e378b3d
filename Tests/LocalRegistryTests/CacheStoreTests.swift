import Content
import LocalRegistry
import OCIModel
import SQLite
import Synchronization
import TestSupport
import Testing

/// Manifests and tags from upstreams, beside what was pushed.
@Suite struct CacheStoreTests {
    private let store: StoreFixture
    private let room: ChartNamespace
    private let app: UpstreamSample

    init() throws {
        store = try StoreFixture()
        room = try ChartNamespace(parsing: "room")
        app = try UpstreamSample("app", "1.0.0")
    }

    @Test("A cached manifest is served before anything it names is here, and its blobs are known by name")
    func partial() async throws {
        try await store.with { registry in
            try await app.cacheManifest(registry)
            #expect(try registry.findManifest(.tag(app.tag), in: app.repository) == app.chart.manifest)
            #expect(try registry.peekManifest(.digest(app.chart.manifest.digest), in: app.repository) != nil)
            #expect(try registry.peekManifest(.tag(try Tag("none")), in: app.repository) == nil)
            let named = try registry.namedBlob(app.archive, in: app.repository)
            #expect(named == Descriptor(of: app.chart.archive, .helmChart))
            #expect(try registry.namedBlob(app.archive, in: other) == nil)
            #expect(try registry.namedBlob(Digest(of: [1]), in: app.repository) == nil)
            let missing = await failure { () throws(ContentError) in
                _ = try registry.served(app.archive, in: app.repository)
            }
            #expect(missing == .blobUnknown)
            let origin = try #require(try registry.tagOrigin(app.tag, in: app.repository))
            #expect(origin.upstream == hub && origin.digest == app.chart.manifest.digest && origin.goneSince == nil)
            #expect(try registry.listed(room) == [])
            // It is no broken chart: nothing is known of it yet.
            #expect(try await registry.listUnlisted(limit: 9).isEmpty)
        }
    }

    @Test("A pushed manifest needs what it names all the same") func pushed() async throws {
        try await store.with { registry in
            let kind = await failure { () throws(ContentError) in
                try await registry.putManifest(app.chart.manifest, tags: [app.tag], in: app.repository)
            }
            #expect(kind == .referencesMissing)
            // A cached manifest does not soften that.
            try await app.cacheManifest(registry)
            let again = await failure { () throws(ContentError) in
                try await registry.putManifest(app.chart.manifest, tags: [app.tag], in: app.repository)
            }
            #expect(again == .referencesMissing)
            #expect(try registry.tagOrigin(app.tag, in: app.repository) != nil)
        }
    }

    @Test("No upstream moves a tag that was pushed; a push over a cached tag makes it ours") func ownership()
        async throws
    {
        let next = PackedChart("app", "1.0.0", chart: "description: new\n")
        try await store.with { registry in
            try await app.chart.push(to: registry, app.repository)
            #expect(try registry.tagOrigin(app.tag, in: app.repository) == nil)
            try await registry.cacheManifest(next.manifest, tag: app.tag, from: hub, in: app.repository)
            #expect(try registry.findManifest(.tag(app.tag), in: app.repository) == app.chart.manifest)
            #expect(try registry.tagOrigin(app.tag, in: app.repository) == nil)
            #expect(try registry.findManifest(.digest(next.manifest.digest), in: app.repository) == next.manifest)
            try await registry.dropCachedTag(app.tag, in: app.repository)
            #expect(try registry.findManifest(.tag(app.tag), in: app.repository) == app.chart.manifest)

            let latest = try Tag("latest")
            try await registry.cacheManifest(next.manifest, tag: latest, from: hub, in: app.repository)
            try await registry.cacheManifest(app.chart.manifest, tag: latest, from: hub, in: app.repository)
            #expect(try registry.findManifest(.tag(latest), in: app.repository) == app.chart.manifest)
            #expect(try registry.tagOrigin(latest, in: app.repository)?.digest == app.chart.manifest.digest)
            try await registry.putManifest(app.chart.manifest, tags: [latest], in: app.repository)
            #expect(try registry.tagOrigin(latest, in: app.repository) == nil)
        }
    }

    @Test("A deleted tag has no origin, however it goes", arguments: [0, 1, 2]) func deleted(way: Int) async throws {
        try await store.with { registry in
            try await app.cache(registry)
            switch way {
            case 0: try await registry.deleteManifest(.tag(app.tag), in: app.repository)
            case 1: try await registry.deleteManifest(.digest(app.chart.manifest.digest), in: app.repository)
            default: _ = try await registry.deleteRepository(app.repository)
            }
            #expect(try registry.tagOrigin(app.tag, in: app.repository) == nil)
            try await app.chart.push(to: registry, app.repository)
            #expect(try registry.tagOrigin(app.tag, in: app.repository) == nil)
        }
    }

    @Test("That a tag was asked for is known at once, and after a restart") func checks() async throws {
        let clock = TestClock()
        let first = clock.now
        try await store.with(options: { $0.now = { clock.now } }) { registry in
            try await app.cacheManifest(registry)
            clock.advance(.seconds(60))
            registry.noteTagChecked(app.tag, in: app.repository, isGone: false)
            #expect(try registry.tagOrigin(app.tag, in: app.repository)?.checkedAt == clock.now)
            clock.advance(.seconds(60))
            registry.noteTagChecked(app.tag, in: app.repository, isGone: true)
            #expect(try registry.tagOrigin(app.tag, in: app.repository)?.goneSince == clock.now)
            registry.noteTagChecked(try Tag("never"), in: app.repository, isGone: false)
            #expect(try registry.tagOrigin(try Tag("never"), in: app.repository) == nil)
        }
        let gone = clock.now
        try await store.with(options: { $0.now = { clock.now } }) { registry in
            let origin = try #require(try registry.tagOrigin(app.tag, in: app.repository))
            #expect(origin.checkedAt == gone && origin.goneSince == gone && origin.firstSeenAt == first)
            clock.advance(.seconds(60))
            registry.noteTagChecked(app.tag, in: app.repository, isGone: true)
            #expect(try registry.tagOrigin(app.tag, in: app.repository)?.goneSince == gone)
            registry.noteTagChecked(app.tag, in: app.repository, isGone: false)
            #expect(try registry.tagOrigin(app.tag, in: app.repository)?.goneSince == nil)
            // What comes anew is newer than what was noted.
            registry.noteTagChecked(app.tag, in: app.repository, isGone: true)
            clock.advance(.seconds(60))
            try await app.cacheManifest(registry)
            #expect(try registry.tagOrigin(app.tag, in: app.repository)?.goneSince == nil)
        }
    }

    // MARK: Charts

    @Test("A cached chart is listed once its archive has come", arguments: [false, true])
    func lateExamination(restarts: Bool) async throws {
        let signed = app.chart.signed()
        let provenance = try #require(signed.provenance)
        try await store.with { registry in
            try await registry.cacheManifest(signed.manifest, tag: app.tag, from: hub, in: app.repository)
            try await app.fill(registry, provenance)
            #expect(try registry.listed(room) == [])
            if !restarts { try await app.fill(registry, app.chart.archive) }
        }
        try await store.with { registry in
            #expect(try await registry.listUnlisted(limit: 9).isEmpty)
            if restarts { try await app.fill(registry, app.chart.archive) }
            #expect(try registry.listed(room) == ["app 1.0.0"])
            let file = try registry.chartFile(named: "app-1.0.0.tgz", in: room)
            #expect(file?.archive == app.archive && file?.provenance == Digest(of: provenance))
        }
    }

    @Test("It is so when the archive comes by an upload or a mount, and when it is here before its manifest")
    func otherWays() async throws {
        try await store.with { registry in
            try await app.cacheManifest(registry)
            try await registry.upload(app.chart.archive, in: app.repository)
            #expect(try registry.listed(room) == ["app 1.0.0"])
            let two = try UpstreamSample("app", "1.0.0", in: "hall")
            try await two.cacheManifest(registry)
            #expect(try await registry.mountBlob(two.archive, from: nil, into: two.repository))
            #expect(try registry.listed(try ChartNamespace(parsing: "hall")) == ["app 1.0.0"])
            let three = try UpstreamSample("app", "1.0.0", in: "attic")
            try await three.fill(registry, three.chart.archive)
            try await three.cacheManifest(registry)
            #expect(try registry.listed(try ChartNamespace(parsing: "attic")) == ["app 1.0.0"])
        }
    }

    @Test("A start in between loses no examination, and takes no chart for broken whose layers are not here")
    func backlog() async throws {
        let two = try UpstreamSample("app", "2.0.0")
        try await store.with { registry in
            try await app.cacheManifest(registry)
            try await two.cache(registry)
        }
        // As if manifests and blobs had come at the same moment, and nobody had read any of them.
        try Connection(path: store.path + "/metadata.sqlite", .readWrite).execute(
            """
            DELETE FROM chart_versions; DELETE FROM chart_waits; DELETE FROM chart_manifests;
            INSERT INTO chart_backlog SELECT id FROM manifests
            """)
        try await store.with { registry in
            #expect(try registry.listed(room) == ["app 2.0.0"])
            #expect(try await registry.listUnlisted(limit: 9).isEmpty)
            try await app.fill(registry, app.chart.archive)
            #expect(try registry.listed(room) == ["app 2.0.0", "app 1.0.0"])
        }
    }

    @Test("A cached artifact that only claims to be a chart is listed nowhere, with its reason, once it is here")
    func noChart() async throws {
        let bad = PackedChart("app", "1.0.0", archive: Array("no archive".utf8))
        try await store.with { registry in
            try await registry.cacheManifest(bad.manifest, tag: app.tag, from: hub, in: app.repository)
            try await registry.fill(bad.archive, in: app.repository)
            #expect(try registry.listed(room) == [])
            #expect(try registry.chartProblem(of: bad.manifest.digest, in: app.repository)?.contains("gzip") == true)
        }
    }

    // MARK: Listings

    @Test("A listing is kept in place of the one before, within a limit") func listings() async throws {
        let key = CachedListingKey.tags(app.repository)
        try await store.with { registry in
            #expect(try registry.cachedListing(key) == nil)
            for elements in [["b", "a"], [], ["1.0.0"]] {
                let listing = CachedListing(upstream: hub, entityTag: "\"e\"", checkedAt: 5, elements: elements)
                try await registry.keepListing(listing, key)
                #expect(try registry.cachedListing(key) == listing)
            }
            let huge = CachedListing(
                upstream: hub, entityTag: nil, checkedAt: 6, elements: [String(repeating: "x", count: 9 << 20)])
            let kind = await failure { () throws(ContentError) in try await registry.keepListing(huge, key) }
            #expect(kind == .tooLarge)
            #expect(try registry.cachedListing(.referrers(app.archive, app.repository)) == nil)
        }
    }
}
