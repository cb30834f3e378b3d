import Content
import LocalRegistry
import OCIModel
import TestSupport
import Testing

/// What classic upstreams list, beside what is here.
@Suite struct UpstreamIndexTests {
    private let store: StoreFixture
    private let room: ChartNamespace
    private let one: UpstreamSample
    private let two: UpstreamSample
    private let web: UpstreamSample

    init() throws {
        store = try StoreFixture()
        room = try ChartNamespace(parsing: "room")
        one = try UpstreamSample("app", "1.0.0")
        two = try UpstreamSample("app", "2.0.0")
        web = try UpstreamSample("web", "1.0.0")
    }

    private func state(_ registry: Registry) throws -> ChartRepositoryState {
        try #require(try registry.chartRepository(room))
    }

    @Test("What an upstream lists is listed and found by file, tag and archive, though nothing of it is here")
    func listed() async throws {
        try await store.with { registry in
            #expect(try registry.upstreamIndex(of: room) == nil)
            let change = try await registry.take([web.listed(), one.listed(), two.listed()], of: room, tag: "\"1\"")
            #expect(change == UpstreamIndexChange(added: 3, removed: 0, moved: [], gone: 0))
            #expect(try registry.listed(room) == ["app 2.0.0", "app 1.0.0", "web 1.0.0"])
            let state = try state(registry)
            #expect(state.versionCount == 3 && state.chartCount == 2 && state.revision > 0)
            #expect(try registry.chartNames(in: room, PageRequest(limit: 9)).elements == ["app", "web"])
            #expect(try registry.upstreamIndex(of: room)?.entityTag == "\"1\"")
            #expect(try registry.upstreamChart(named: "app-2.0.0.tgz", in: room) == two.listed())
            #expect(try registry.upstreamChart(tagged: one.tag, of: one.repository) == one.listed())
            #expect(try registry.upstreamChart(ofArchive: web.archive, of: web.repository) == web.listed())
            #expect(try registry.upstreamChart(ofArchive: web.archive, of: one.repository) == nil)
            #expect(try registry.upstreamChart(named: "app-3.0.0.tgz", in: room) == nil)
            let page = try registry.upstreamTags(of: one.repository, PageRequest(limit: 1))
            #expect(page == Page(elements: [one.tag], hasMore: true))
            let next = try registry.upstreamTags(of: one.repository, PageRequest(limit: 9, last: "1.0.0"))
            #expect(next == Page(elements: [two.tag], hasMore: false))
            // People who look at charts see what is here.
            #expect(try await registry.listCharts(in: room, PageRequest(limit: 9)).elements.isEmpty)
        }
        let after = try await store.with { try $0.listed(room) }
        #expect(after == ["app 2.0.0", "app 1.0.0", "web 1.0.0"])
    }

    @Test("The same index again changes nothing; another costs what has changed") func difference() async throws {
        try await store.with { registry in
            try await registry.take([one.listed(), two.listed()], of: room)
            let before = try state(registry).revision
            let same = try await registry.take([two.listed(), one.listed(), two.listed()], of: room)
            #expect(same == UpstreamIndexChange(added: 0, removed: 0, moved: [], gone: 0))
            #expect(try state(registry).revision == before)
            let other = try await registry.take([two.listed(mark: "new"), web.listed()], of: room)
            #expect(other.added == 2 && other.removed == 1)
            let keys = try #require(try registry.changedEntries(in: room, since: before))
            #expect(Set(keys) == [one.listed().key, two.listed().key, web.listed().key])
            #expect(try registry.listed(room) == ["app 2.0.0", "web 1.0.0"])
            try await registry.take([], of: room)
            let empty = try state(registry)
            #expect(empty.chartCount == 0 && empty.versionCount == 0)
        }
    }

    @Test("A version that was pulled is listed once, as what it is here; when it goes, the upstream's is back")
    func merged() async throws {
        try await store.with { registry in
            try await registry.take([one.listed(), two.listed()], of: room)
            try await registry.fillChart(one)
            try await web.chart.push(to: registry, web.repository)
            #expect(try registry.listed(room) == ["app 2.0.0", "app 1.0.0", "web 1.0.0"])
            #expect(try state(registry).versionCount == 3 && state(registry).chartCount == 2)
            var marks: [String: Bool] = [:]
            try registry.forEachEntry(in: room, from: nil, before: nil) {
                marks[$0.version + $0.key.name] = String(decoding: $0.json, as: UTF8.self).contains("mark")
                return true
            }
            #expect(marks == ["2.0.0app": true, "1.0.0app": false, "1.0.0web": false])
            // It is still the upstream's by its file's name.
            #expect(try registry.upstreamChart(named: "app-1.0.0.tgz", in: room) != nil)
            let (from, end) = (one.listed().key, web.listed().key)
            var between: [String] = []
            try registry.forEachEntry(in: room, from: from, before: end) {
                between.append($0.version)
                return true
            }
            #expect(between == ["1.0.0"])
            try await registry.deleteManifest(.tag(one.tag), in: one.repository)
            #expect(try registry.listed(room) == ["app 2.0.0", "app 1.0.0", "web 1.0.0"])
            #expect(try state(registry).versionCount == 3)
            try await registry.take([], of: room)
            #expect(try registry.listed(room) == ["web 1.0.0"])
        }
    }

    @Test("A version that is too young is nowhere to be seen until it is old enough", arguments: [0, 1, 2])
    func young(way: Int) async throws {
        let clock = TestClock()
        let ripe = clock.now + 60_000_000
        let listed = [one.listed(), two.listed(visibleFrom: ripe)]
        try await store.with(options: { $0.now = { clock.now } }) { registry in
            try await registry.take(listed, of: room)
            #expect(try registry.listed(room) == ["app 1.0.0"])
            #expect(try registry.upstreamChart(named: "app-2.0.0.tgz", in: room) == nil)
            #expect(try registry.upstreamChart(tagged: two.tag, of: two.repository) == nil)
            #expect(try registry.upstreamTags(of: one.repository, PageRequest(limit: 9)).elements == [one.tag])
            clock.advance(.seconds(61))
            switch way {
            case 0: try await registry.take(listed, of: room)
            case 1:
                let state = try #require(try registry.upstreamIndex(of: room))
                try await registry.noteUpstreamIndex(state, of: room)
            default:
                // Closing a store keeps house one last time.
                return
            }
            #expect(try registry.listed(room) == ["app 2.0.0", "app 1.0.0"])
        }
        let after = try await store.with { try $0.listed(room) }
        #expect(after == ["app 2.0.0", "app 1.0.0"])
    }

    @Test("Files whose archives moved are told; what is listed no more is gone, and may come back")
    func movedAndGone() async throws {
        try await store.with { registry in
            try await registry.take([one.listed(), two.listed(), web.listed()], of: room)
            try await registry.fillChart(one)
            try await registry.fillChart(two)
            try await web.chart.push(to: registry, web.repository)
            let moved = one.listed(archive: Digest(of: [1]))
            let change = try await registry.take([moved], of: room)
            #expect(change.moved == ["app-1.0.0.tgz"] && change.gone == 1 && change.removed == 2)
            #expect(try registry.tagOrigin(two.tag, in: two.repository)?.goneSince != nil)
            #expect(try registry.tagOrigin(one.tag, in: one.repository)?.goneSince == nil)
            #expect(try registry.cachedTagCounts(below: "room") == (2, 1))
            #expect(try registry.listed(room) == ["app 2.0.0", "app 1.0.0", "web 1.0.0"])
            let again = try await registry.take([moved], of: room)
            #expect(again.gone == 0)
            try await registry.take([moved, two.listed()], of: room)
            #expect(try registry.tagOrigin(two.tag, in: two.repository)?.goneSince == nil)
            #expect(try registry.cachedTagCounts(below: "room") == (2, 0))
        }
    }

    @Test("When the upstream's removals are ours too, cached versions go and pushed and locked ones stay")
    func deletes() async throws {
        let three = try UpstreamSample("app", "3.0.0")
        try await store.with { registry in
            try await registry.take([one.listed(), two.listed(), three.listed()], of: room)
            for sample in [one, two, three] { try await registry.fillChart(sample) }
            try await web.chart.push(to: registry, web.repository)
            try await registry.changeAttributes(
                AttributeChange(disable: .delete), of: .tag(two.tag), in: two.repository)
            let change = try await registry.take([three.listed()], of: room, deletes: true)
            #expect(change.gone == 2)
            #expect(try registry.listed(room) == ["app 3.0.0", "app 2.0.0", "web 1.0.0"])
            #expect(!store.exists(one.archive))
            #expect(try registry.tagOrigin(two.tag, in: two.repository)?.goneSince != nil)
        }
    }

    @Test("The root is a classic repository like any other") func root() async throws {
        let top = try UpstreamSample("app", "1.0.0", in: "x")
        let name = try RepositoryName(parsing: "app")
        try await store.with { registry in
            try await registry.take([top.listed()], of: .root)
            #expect(try registry.listed(.root) == ["app 1.0.0"])
            #expect(try registry.upstreamChart(tagged: top.tag, of: name) != nil)
            try await registry.cacheManifest(top.chart.manifest, tag: top.tag, from: hub, in: name)
            // A cached tag of another path is none of the root's.
            try await one.cacheManifest(registry)
            #expect(try await registry.take([], of: .root).gone == 1)
            #expect(try registry.tagOrigin(one.tag, in: one.repository)?.goneSince == nil)
        }
    }

    @Test("Of an index that was refused the reason is kept, and what was listed before stays") func refusal()
        async throws
    {
        try await store.with { registry in
            try await registry.take([one.listed()], of: room)
            var state = try #require(try registry.upstreamIndex(of: room))
            state.refusal = "it shrank"
            try await registry.noteUpstreamIndex(state, of: room)
            #expect(try registry.upstreamIndex(of: room) == state)
            #expect(try registry.listed(room) == ["app 1.0.0"])
        }
    }
}
