import Content
import LocalRegistry
import OCIModel
import TestSupport
import Testing

@testable import PullThrough

@Suite struct TagTests {
    private let day: Int64 = 86_400
    private let one = PackedChart("app", "1.0.0")

    @Test("A miss asks once and stores; then the disk answers without the upstream") func miss() async throws {
        let fixture = try Fixture()
        fixture.registry.add(one)
        let (manifest, note) = try await fixture.manifest("1.0.0")
        #expect(manifest == one.manifest && note.age == 0)
        #expect(fixture.registry.log == ["GET app 1.0.0"])
        let again = try fixture.ask("1.0.0")
        #expect(again.isHere)
        #expect(try await again.value().0 == one.manifest)
        #expect(fixture.registry.log.count == 1)
        // The tag is a row as any other.
        #expect(try await fixture.store.tags(in: fixture.name("remote/app"), PageRequest(limit: 9)).elements.count == 1)
    }

    @Test("A digest is served for ever, whatever the upstream does") func digest() async throws {
        let fixture = try Fixture()
        fixture.registry.add(one)
        _ = try await fixture.manifest("1.0.0")
        fixture.registry.change { $0.failure = .unavailable("down") }
        fixture.wait(1000 * day)
        let found = try #require(
            try fixture.cache.cachedManifest(.digest(one.manifest.digest), in: fixture.name("remote/app")))
        #expect(found.isHere)
        #expect(try await found.value() == (one.manifest, CacheNote.none))
    }

    @Test("A whole version stays fresh for a week, latest for a minute") func periods() async throws {
        let fixture = try Fixture()
        fixture.registry.add(one)
        fixture.registry.add(one, tag: "latest")
        _ = try await fixture.manifest("1.0.0")
        _ = try await fixture.manifest("latest")
        fixture.wait(59)
        #expect(try await fixture.manifest("latest").1 == CacheNote(age: 59))
        fixture.wait(2)
        #expect(try await fixture.manifest("latest").1 == CacheNote(age: 61, warnings: [.stale]))
        fixture.wait(6 * day)
        #expect(try await fixture.manifest("1.0.0").1.warnings == [])
        fixture.wait(day)
        #expect(try await fixture.manifest("1.0.0").1.warnings == [.stale])
    }

    @Test("A stale tag is answered at once and checked behind the request with one HEAD") func stale() async throws {
        let fixture = try Fixture()
        fixture.registry.add(one, tag: "latest")
        _ = try await fixture.manifest("latest")
        fixture.wait(100)
        let answer = try fixture.ask("latest")
        #expect(answer.isHere)
        await fixture.settle()
        #expect(fixture.registry.log == ["GET app latest", "HEAD app latest"])
        #expect(try await fixture.manifest("latest").1 == CacheNote(age: 0))
    }

    @Test("A tag that moved upstream moves here behind the request") func moved() async throws {
        let fixture = try Fixture()
        let two = PackedChart("app", "2.0.0")
        fixture.registry.add(one, tag: "latest")
        _ = try await fixture.manifest("latest")
        fixture.registry.add(two, tag: "latest")
        fixture.wait(100)
        #expect(try await fixture.manifest("latest").0 == one.manifest)
        await fixture.settle()
        #expect(try await fixture.manifest("latest").0 == two.manifest)
    }

    @Test("A strict rule waits for the check, and takes the copy when it fails") func strict() async throws {
        let fixture = try Fixture { $0.freshness.isStrict = true }
        let two = PackedChart("app", "2.0.0")
        fixture.registry.add(one, tag: "latest")
        _ = try await fixture.manifest("latest")
        fixture.registry.add(two, tag: "latest")
        fixture.wait(100)
        #expect(try await fixture.manifest("latest").0 == two.manifest)
        fixture.wait(100)
        fixture.registry.change { $0.failure = .unavailable("down") }
        let (manifest, note) = try await fixture.manifest("latest")
        #expect(manifest == two.manifest)
        #expect(note == CacheNote(age: 100, warnings: [.stale, .revalidationFailed("down")]))
    }

    @Test(
        "While an upstream is sick the copy is served and says so, and soon nobody asks",
        arguments: [
            ContentError.unavailable("it answered 503"), .rateLimited("slow down", retryAfter: .seconds(120)),
            .unauthorized("the token expired"), .denied("no"),
        ]) func sick(failure: ContentError) async throws
    {
        let fixture = try Fixture()
        fixture.registry.add(one, tag: "latest")
        _ = try await fixture.manifest("latest")
        fixture.registry.change { $0.failure = failure }
        fixture.wait(100)
        _ = try await fixture.manifest("latest")
        await fixture.settle()
        let (manifest, note) = try await fixture.manifest("latest")
        #expect(manifest == one.manifest)
        #expect(note.warnings.first == .stale)
        guard case .revalidationFailed? = note.warnings.last else { return #expect(Bool(false), "\(note)") }
        for _ in 0..<20 { _ = try await fixture.manifest("latest") }
        await fixture.settle()
        #expect(fixture.registry.log.count == 2)
    }

    @Test("Misses fail fast once the circuit is open, and go through when it has closed") func circuit() async throws {
        let fixture = try Fixture()
        fixture.registry.change { $0.failure = .unavailable("down") }
        for number in 0..<3 {
            await #expect(throws: ContentError.unavailable("down")) { _ = try await fixture.manifest("1.0.\(number)") }
        }
        #expect(throws: ContentError.self) { _ = try fixture.ask("1.0.9") }
        #expect(fixture.registry.log.count == 3)
        fixture.registry.change { $0.failure = nil }
        fixture.registry.add(one)
        fixture.wait(2)
        #expect(try await fixture.manifest("1.0.0").0 == one.manifest)
    }

    @Test("What is not there is not asked for again for a while") func negative() async throws {
        let fixture = try Fixture()
        await #expect(throws: ContentError.self) { _ = try await fixture.manifest("9.9.9") }
        #expect(throws: ContentError.self) { _ = try fixture.ask("9.9.9") }
        #expect(fixture.registry.log.count == 1)
        fixture.registry.add(one, tag: "9.9.9")
        fixture.wait(31)
        #expect(try await fixture.manifest("9.9.9").0 == one.manifest)
    }

    @Test("What the upstream deleted stays, with a warning, and is told of") func gone() async throws {
        let fixture = try Fixture()
        fixture.registry.add(one, tag: "latest")
        _ = try await fixture.manifest("latest")
        fixture.registry.change { $0.tags = [:] }
        fixture.wait(100)
        _ = try await fixture.manifest("latest")
        await fixture.settle()
        let (manifest, note) = try await fixture.manifest("latest")
        #expect(manifest == one.manifest)
        guard case .note(let text)? = note.warnings.first else { return #expect(Bool(false), "\(note)") }
        #expect(text.contains("does not have it any more"))
        let reference = Reference(repository: try fixture.name("remote/app"), tag: try Tag(parsing: "latest"))
        #expect(try await fixture.cache.explain(reference).goneSince != nil)
        let listed = try await fixture.store.tagAttributes(try Tag(parsing: "latest"), in: fixture.name("remote/app"))
        #expect(listed.upstream == "remote")
        // It comes back.
        fixture.registry.add(one, tag: "latest")
        fixture.wait(100)
        _ = try await fixture.manifest("latest")
        await fixture.settle()
        #expect(try await fixture.manifest("latest").1 == CacheNote(age: 0))
    }

    @Test("Where the rule follows, what the upstream deleted goes") func followed() async throws {
        let fixture = try Fixture { $0.deletes = true }
        fixture.registry.add(one, tag: "latest")
        _ = try await fixture.manifest("latest")
        fixture.registry.change { $0.tags = [:] }
        fixture.wait(100)
        _ = try await fixture.manifest("latest")
        await fixture.settle()
        await #expect(throws: ContentError.self) { _ = try await fixture.manifest("latest") }
    }

    @Test("Offline nobody is asked: copies are served, the rest is refused as unavailable") func offline() async throws
    {
        let fixture = try Fixture { $0.isOffline = true }
        #expect(throws: ContentError.self) { _ = try fixture.ask("1.0.0") }
        #expect(fixture.registry.log.isEmpty)
    }

    @Test("What was pushed is never overwritten nor checked") func overlay() async throws {
        let fixture = try Fixture { $0.takesPushes = true }
        fixture.registry.add(PackedChart("app", "1.0.0", chart: "description: upstream\n"), tag: "1.0.0")
        let mine = SampleChart("app", "1.0.0")
        try fixture.cache.checkPush(to: fixture.name("remote/app"))
        try await mine.push(to: fixture.store, fixture.name("remote/app"), tags: [try Tag(parsing: "1.0.0")])
        fixture.wait(1000 * day)
        let answer = try fixture.ask("1.0.0")
        #expect(answer.isHere)
        #expect(try await answer.value() == (mine.manifest, CacheNote.none))
        await fixture.settle()
        #expect(fixture.registry.log.isEmpty)
    }

    @Test("Pushes into a cache are refused unless the rule takes them") func push() throws {
        let fixture = try Fixture()
        #expect(throws: ContentError.self) { try fixture.cache.checkPush(to: fixture.name("remote/app")) }
        #expect(throws: ContentError.self) { try fixture.cache.checkPush(to: fixture.name("classic")) }
        try fixture.cache.checkPush(to: fixture.name("mine/app"))
    }

    @Test("Versions that are too young are invisible, with exceptions, until they are old enough") func age()
        async throws
    {
        let fixture = try Fixture { rule in
            rule.minimumAge = .seconds(3 * 86_400)
            rule.minimumAgeExceptions = [PathPattern("trusted")]
        }
        fixture.registry.add(one)
        await #expect(throws: ContentError.self) { _ = try await fixture.manifest("1.0.0") }
        #expect(try await fixture.tags() == [])
        #expect(try await fixture.manifest("1.0.0", "remote/trusted").0 == one.manifest)
        fixture.wait(3 * day + 60)
        #expect(try await fixture.manifest("1.0.0").0 == one.manifest)
        #expect(try await fixture.tags() == ["1.0.0"])
    }

    @Test("A tag that moves to a version that is too young stays where it was until that is old enough")
    func youngMove()
        async throws
    {
        let fixture = try Fixture { $0.minimumAge = .seconds(3 * 86_400) }
        let two = PackedChart("app", "2.0.0")
        fixture.registry.add(one, tag: "latest")
        await #expect(throws: ContentError.self) { _ = try await fixture.manifest("latest") }
        fixture.wait(3 * day + 60)
        #expect(try await fixture.manifest("latest").0 == one.manifest)
        await fixture.settle()
        fixture.registry.add(two, tag: "latest")
        for _ in 0..<2 {
            fixture.wait(day)
            #expect(try await fixture.manifest("latest").0 == one.manifest)
            await fixture.settle()
        }
        fixture.wait(3 * day)
        _ = try await fixture.manifest("latest")
        await fixture.settle()
        #expect(try await fixture.manifest("latest").0 == two.manifest)
    }

    @Test("Allow and deny are obeyed") func allowing() async throws {
        let fixture = try Fixture { $0.deny = [PathPattern("secret/**")] }
        fixture.registry.add(one)
        #expect(throws: ContentError.self) { _ = try fixture.ask("1.0.0", "remote/secret/app") }
        #expect(try await fixture.manifest("1.0.0", "remote/open/app").0 == one.manifest)
        #expect(fixture.registry.log == ["GET open/app 1.0.0"])
    }

    @Test("A host of which nobody knows the kind is asked once") func kind() async throws {
        let fixture = try Fixture()
        fixture.registry.add(one)
        #expect(try await fixture.manifest("1.0.0", "any.example/app").0 == one.manifest)
        fixture.registry.add(one, tag: "2.0.0")
        _ = try await fixture.manifest("2.0.0", "any.example/app")
        #expect(fixture.registry.log == ["PING", "GET app 1.0.0", "GET app 2.0.0"])
    }
}
