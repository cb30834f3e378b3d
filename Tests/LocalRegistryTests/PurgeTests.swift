import Content
import LocalRegistry
import OCIModel
import TestSupport
import Testing

/// Removing what was cached.
@Suite struct PurgeTests {
    private let store: StoreFixture
    private let room: RepositoryName

    init() throws {
        store = try StoreFixture()
        room = try RepositoryName(parsing: "room")
    }

    private func everything(isDryRun: Bool = false) -> PurgeOptions {
        var options = PurgeOptions()
        options.isDryRun = isDryRun
        return options
    }

    @Test("All that was cached below a path goes, with its files; what was pushed stays") func all() async throws {
        let (app, web) = (try UpstreamSample("app", "1.0.0"), try UpstreamSample("web", "1.0.0", in: "room/deep"))
        let (elsewhere, ours) = (try UpstreamSample("app", "1.0.0", in: "roommate"), try UpstreamSample("app", "2.0.0"))
        let space = try ChartNamespace(parsing: "room")
        try await store.with { registry in
            for sample in [app, web, elsewhere] { try await sample.cache(registry) }
            try await ours.chart.push(to: registry, ours.repository)
            try await registry.take([app.listed(), try UpstreamSample("new", "1.0.0").listed()], of: space)
            for repository in [app.repository, elsewhere.repository] {
                let listing = CachedListing(upstream: hub, entityTag: nil, checkedAt: 1, elements: ["1.0.0"])
                try await registry.keepListing(listing, .tags(repository))
                try await registry.keepListing(listing, .referrers(app.archive, repository))
            }
            #expect(try registry.cachedTagCounts(below: "room") == (2, 0))
            let counted = try await registry.purgeCached(below: room, everything(isDryRun: true))
            #expect(try registry.findManifest(.tag(app.tag), in: app.repository) == app.chart.manifest)
            #expect(try registry.served(app.archive, in: app.repository) == app.chart.archive)
            let purged = try await registry.purgeCached(below: room, everything())
            #expect(purged.tags == 2 && purged.manifests == 2)
            #expect(counted.tags == purged.tags && counted.manifests == purged.manifests)
            // `app` 1.0.0 is also elsewhere: its bytes are still needed.
            #expect(purged.bytes == Int64(web.chart.archive.count + web.chart.config.count))
            #expect(!store.exists(web.archive) && store.exists(app.archive))
            #expect(try registry.listed(space) == ["app 2.0.0"])
            #expect(try registry.served(ours.archive, in: ours.repository) == ours.chart.archive)
            #expect(try registry.served(app.archive, in: elsewhere.repository) == app.chart.archive)
            #expect(try registry.upstreamIndex(of: space) == nil)
            #expect(try registry.cachedListing(.tags(app.repository)) == nil)
            #expect(try registry.cachedListing(.referrers(app.archive, app.repository)) == nil)
            #expect(try registry.cachedListing(.tags(elsewhere.repository)) != nil)
            #expect(try registry.cachedListing(.referrers(app.archive, elsewhere.repository)) != nil)
            #expect(try registry.cachedTagCounts(below: "") == (1, 0))
            let again = try await registry.purgeCached(below: room, everything())
            #expect(again == PurgeSummary(tags: 0, manifests: 0, bytes: 0))
        }
        #expect(try store.damagedFiles() == [])
    }

    @Test("A blob that a pushed manifest of the repository names stays, and so does a pushed manifest") func shared()
        async throws
    {
        let sample = try UpstreamSample("app", "1.0.0")
        let mine = SampleChart.manifest(
            config: Descriptor(of: Array("{}".utf8)), layers: [Descriptor(of: sample.chart.archive, .helmChart)])
        try await store.with { registry in
            try await sample.cache(registry)
            try await registry.upload(Array("{}".utf8), in: sample.repository)
            try await registry.putManifest(mine, tags: [], in: sample.repository)
            // A cached tag may name what was pushed.
            try await registry.cacheManifest(mine, tag: try Tag("theirs"), from: hub, in: sample.repository)
            let purged = try await registry.purgeCached(below: room, everything())
            #expect(purged.tags == 2 && purged.manifests == 1)
            #expect(try registry.served(sample.archive, in: sample.repository) == sample.chart.archive)
            #expect(try registry.findManifest(.digest(mine.digest), in: sample.repository) == mine)
            #expect(!store.exists(sample.config))
        }
    }

    @Test("What an index named goes with it; a manifest that was cached by its digest goes when all does")
    func nested() async throws {
        let child = try UpstreamSample("app", "1.0.0")
        let loose = try UpstreamSample("app", "2.0.0")
        let index = SampleChart.index([child.chart.manifest])
        let tag = try Tag("all")
        try await store.with { registry in
            try await registry.cacheManifest(index, tag: tag, from: hub, in: child.repository)
            try await registry.cacheManifest(child.chart.manifest, tag: nil, from: hub, in: child.repository)
            try await child.fill(registry, child.chart.archive)
            try await registry.cacheManifest(loose.chart.manifest, tag: nil, from: hub, in: child.repository)
            registry.noteTagChecked(tag, in: child.repository, isGone: true)
        }
        try await store.with { registry in
            var options = PurgeOptions()
            options.onlyGone = true
            let gone = try await registry.purgeCached(below: room, options)
            #expect(gone.tags == 1 && gone.manifests == 2 && gone.bytes == Int64(child.chart.archive.count))
            let left = try await registry.manifestList(in: child.repository, PageRequest(limit: 9)).elements
            #expect(left.map(\.digest) == [loose.chart.manifest.digest])
            #expect(try await registry.purgeCached(below: room, everything()).manifests == 1)
        }
    }

    @Test("Only what nobody pulled since a time, only what is gone, and never what is locked") func chosen()
        async throws
    {
        let clock = TestClock()
        let samples = try (0..<200).map { try UpstreamSample("app", "1.0.\($0)") }
        let repository = samples[0].repository
        let start = clock.now
        try await store.with(options: { $0.now = { clock.now } }) { registry in
            for sample in samples { try await sample.cacheManifest(registry) }
            clock.advance(.seconds(60))
            _ = try registry.findManifest(.tag(samples[7].tag), in: repository)
            registry.noteTagChecked(samples[8].tag, in: repository, isGone: true)
            try await registry.changeAttributes(
                AttributeChange(disable: .delete), of: .tag(samples[9].tag), in: repository)
        }
        try await store.with(options: { $0.now = { clock.now } }) { registry in
            var options = PurgeOptions()
            options.notPulledSince = start
            #expect(try await registry.purgeCached(below: room, options).tags == 0)
            options.onlyGone = true
            options.notPulledSince = nil
            #expect(try await registry.purgeCached(below: repository, options).tags == 1)
            options.onlyGone = false
            options.notPulledSince = start + 1
            let purged = try await registry.purgeCached(below: repository, options)
            #expect(purged.tags == 197 && purged.manifests == 197)
            let left = try registry.tagPage(in: repository, PageRequest(limit: 9)).elements
            #expect(left == [samples[7].tag, samples[9].tag])
        }
    }

    @Test("A cached tag that is dropped takes along what only it named") func dropped() async throws {
        let sample = try UpstreamSample("app", "1.0.0")
        try await store.with { registry in
            try await sample.cache(registry)
            let second = try Tag("latest")
            try await registry.cacheManifest(sample.chart.manifest, tag: second, from: hub, in: sample.repository)
            try await registry.dropCachedTag(sample.tag, in: sample.repository)
            #expect(try registry.served(sample.archive, in: sample.repository) == sample.chart.archive)
            try await registry.dropCachedTag(second, in: sample.repository)
            #expect(!store.exists(sample.archive) && !store.exists(sample.config))
            try await registry.dropCachedTag(second, in: sample.repository)
            try await registry.dropCachedTag(second, in: other)
        }
    }
}
