import Content
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import PullThrough

/// What a client or an upstream does to harm others.
@Suite struct HostileTests {
    private let app = PackedChart("app", "1.2.3")
    private let day: Int64 = 86_400

    // MARK: Many at once

    @Test("More archives asked for by digest at once than are fetched at a time do not wait for each other for ever")
    func manyArchives() async throws {
        let fixture = try Fixture { $0.deadline = .seconds(20) }
        let charts = (0..<100).map { PackedChart("app\($0)", "1.0.0") }
        for chart in charts { fixture.charts.add(chart) }
        _ = try await fixture.cache.cachedListing(of: ChartNamespace(try fixture.name("classic")))?.value()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for chart in charts {
                group.addTask {
                    try await fixture.blob(Digest(of: chart.archive), "classic/\(chart.name)") == chart.archive
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test("An upstream that stalls with every fetch stops nobody who wants something of another") func neighbour()
        async throws
    {
        let fixture = try Fixture { $0.deadline = .seconds(20) }
        let latch = Latch()
        fixture.registry.change { $0.beforePiece = { _ in await latch.wait() } }
        fixture.charts.add(app)
        var stalled: [Task<Void, Never>] = []
        for number in 0..<100 {
            let bytes = Array("blob \(number)".utf8)
            fixture.registry.change { $0.blobs[Digest(of: bytes)] = bytes }
            let asked = try fixture.cache.cachedBlob(Digest(of: bytes), in: fixture.name("remote/app"))
            stalled.append(Task { _ = try? await asked?.value() })
        }
        #expect(try await fixture.file("app-1.2.3.tgz") == app.archive)
        latch.open()
        for task in stalled { await task.value }
        await fixture.settle()
    }

    @Test("A line that is full turns away who comes, and goes on") func fullLine() async {
        let turnstile = Turnstile(1, waiting: 1)
        #expect(await turnstile.enter())
        let waiting = Task { await turnstile.enter() }
        // One of the two is turned away, whichever comes second.
        let other = Task { await turnstile.enter() }
        let first = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await waiting.value }
            group.addTask { await other.value }
            let first = await group.next()
            turnstile.leave()
            return (first, await group.next())
        }
        #expect(first == (false, true))
    }

    @Test("Requests that fail together count as one failure more, not as an hour of them") func burst() {
        let clock = SharedClock()
        let breaker = CircuitBreaker { clock.now }
        for _ in 0..<100 { breaker.note(.unavailable("down")) }
        clock.move(1_000_000)
        #expect(breaker.admits())
    }

    // MARK: Sizes

    @Test("A reader who was promised fewer bytes than came to be the whole is cut, not given a part as the whole")
    func otherSize() {
        let fill = Fill()
        fill.began(size: 10) { () throws(ContentError) in throw .internal("no file") }
        fill.advanced(to: 9)
        #expect(fill.growth(beyond: 0, of: 10) {} == .readable(upTo: 9))
        fill.began(size: 12) { () throws(ContentError) in throw .internal("no file") }
        fill.advanced(to: 12)
        #expect(fill.growth(beyond: 9, of: 10) {} == .waiting)
        fill.verified()
        #expect(fill.growth(beyond: 9, of: 10) {} == .failed)
        #expect(fill.growth(beyond: 9, of: 12) {} == .readable(upTo: 12))
    }

    @Test("A body that never ends is not read beyond the size that the manifest says") func endlessNamed() async throws
    {
        let fixture = try Fixture()
        fixture.registry.add(app)
        _ = try await fixture.manifest("1.2.3")
        let pieces = Count()
        let archive = Digest(of: app.archive)
        fixture.registry.change { state in
            state.tellsSize = false
            state.blobs[archive] = [UInt8](repeating: 7, count: 1 << 20)
            state.beforePiece = { _ in pieces.add() }
        }
        await #expect(throws: (any Error).self) { _ = try await fixture.blob(archive) }
        await fixture.settle()
        #expect(pieces.value <= app.archive.count / FakeRegistry.pieceBytes + 1)
    }

    @Test("An upstream that has nothing for a digest but says that it is there gives an error, not an empty blob")
    func empty() async throws {
        let fixture = try Fixture()
        let digest = Digest(of: [1, 2, 3])
        fixture.registry.change { $0.blobs[digest] = [] }
        await #expect(throws: ContentError.self) { _ = try await fixture.blob(digest) }
        fixture.registry.change { $0.blobs[Digest(of: [])] = [] }
        #expect(try await fixture.blob(Digest(of: [])) == [])
    }

    @Test("Where nobody says how large it is, nobody waits longer than the deadline") func endlessUnknown()
        async throws
    {
        let fixture = try Fixture { $0.deadline = .milliseconds(200) }
        let latch = Latch()
        fixture.registry.change { state in
            state.tellsSize = false
            state.beforePiece = { _ in await latch.wait() }
            state.blobs[Digest(of: [7])] = [7]
        }
        await #expect(throws: ContentError.self) { _ = try await fixture.blob(Digest(of: [7])) }
        latch.open()
        await fixture.settle()
        #expect(try await fixture.blob(Digest(of: [7])) == [7])
    }

    // MARK: Rules

    @Test(
        "What may not be asked for is not had under a file's name that reads in two ways, nor in upper case",
        arguments: [("app", "1.0.0-1"), ("App", "1.0.0"), ("app", "1-2.0.0")])
    func denied(name: String, version: String) async throws {
        let fixture = try Fixture { $0.deny = [PathPattern("app")] }
        fixture.charts.add(PackedChart(name, version))
        await #expect(throws: ContentError.self) { _ = try await fixture.file("\(name)-\(version).tgz") }
        await fixture.settle()
        #expect(!fixture.charts.log.contains { $0.hasPrefix("ARCHIVE") }, "\(fixture.charts.log)")
    }

    @Test("A registry's version that is too young is not had by its file's name either, before or after")
    func youngFile()
        async throws
    {
        let fixture = try Fixture { $0.minimumAge = .seconds(3 * 86_400) }
        fixture.registry.add(app)
        await #expect(throws: ContentError.self) { _ = try await fixture.file("app-1.2.3.tgz", "remote") }
        await fixture.settle()
        fixture.wait(60)
        await #expect(throws: ContentError.self) { _ = try await fixture.file("app-1.2.3.tgz", "remote") }
        fixture.wait(3 * day)
        #expect(try await fixture.file("app-1.2.3.tgz", "remote") == app.archive)
    }

    @Test("A classic version that its index shows is old enough by its tag too, from the first pull on") func oldTag()
        async throws
    {
        let fixture = try Fixture { $0.minimumAge = .seconds(86_400) }
        fixture.charts.change { $0.created = "2023-01-02T03:04:05Z" }
        fixture.charts.add(app)
        let made = try await fixture.manifest("1.2.3", "classic/app").0
        #expect(try await fixture.manifest("1.2.3", "classic/app").0 == made)
    }

    @Test("A tag that moves to a young manifest shows it to nobody, whoever asked first") func youngMove() async throws
    {
        let fixture = try Fixture { rule in
            rule.minimumAge = .seconds(3 * 86_400)
            rule.freshness.isStrict = true
        }
        fixture.registry.add(app, tag: "latest")
        _ = try? await fixture.manifest("latest")
        fixture.wait(4 * day)
        #expect(try await fixture.manifest("latest").0 == app.manifest)
        // Made in the hour in which it is asked for; the clock of the fixture began at 2023-11-14T22:13:20Z.
        let text = String(decoding: app.manifest.bytes, as: UTF8.self)
        let bytes = Array(
            (#"{"annotations":{"org.opencontainers.image.created":"2023-11-18T22:00:00Z"},"# + text.dropFirst()).utf8)
        let young = StoredManifest(digest: Digest(of: bytes), mediaType: app.manifest.mediaType, bytes: bytes)
        fixture.registry.change { $0.tags["latest"] = young }
        fixture.wait(120)
        // The old one is served on.
        #expect(try await fixture.manifest("latest").0 == app.manifest)
    }

    // MARK: Health

    @Test("Archives on a host that is down say nothing about the repository that names them") func elsewhere()
        async throws
    {
        let fixture = try Fixture()
        fixture.charts.change { state in
            state.base = "https://dead.example/files/"
            state.archiveFailure = .unavailable("no route to dead.example")
        }
        for number in 0..<6 { fixture.charts.add(PackedChart("app", "1.0.\(number)")) }
        for number in 0..<6 {
            await #expect(throws: ContentError.self) { _ = try await fixture.file("app-1.0.\(number).tgz") }
        }
        await fixture.settle()
        fixture.charts.change { $0.archiveFailure = nil }
        let first = PackedChart("app", "1.0.0")
        #expect(try await fixture.file("app-1.0.0.tgz") == first.archive)
    }

    @Test(
        "An archive is its repository's own when it lies on its host",
        arguments: [
            ("files/a.tgz", true), ("/a.tgz", true), ("https://charts.example/x/a.tgz", true),
            ("https://CHARTS.example/a.tgz", true), ("https://charts.example:444/a.tgz", false),
            ("https://other.example/a.tgz", false), ("oci://charts.example/a", false), ("//other.example/a", false),
        ]) func own(url: String, isOwn: Bool)
    {
        #expect(Upstream.isOwn([url], at: "https://charts.example/stable") == isOwn)
    }

    @Test("A registry that shows another page for a while is a registry again when it is back") func wrongPage()
        async throws
    {
        let fixture = try Fixture()
        fixture.registry.add(app)
        fixture.registry.change { $0.isRegistry = false }
        fixture.charts.change { $0.failure = .nameUnknown("there is no index here") }
        await #expect(throws: ContentError.self) { _ = try await fixture.manifest("1.2.3", "any.example/app") }
        fixture.registry.change { $0.isRegistry = true }
        fixture.wait(60)
        #expect(try await fixture.manifest("1.2.3", "any.example/app").0 == app.manifest)
    }

    @Test("The first question of all about a host of classic repositories may be for tags") func firstTags()
        async throws
    {
        let fixture = try Fixture()
        fixture.registry.change { $0.isRegistry = false }
        fixture.charts.add(app)
        #expect(try await fixture.tags("any.example/app") == ["1.2.3"])
        #expect(!fixture.registry.log.contains { $0.hasPrefix("TAGS") })
    }
}
