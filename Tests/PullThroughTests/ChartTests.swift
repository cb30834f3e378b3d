import Content
import LocalRegistry
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import PullThrough

@Suite struct ChartTests {
    private let one = PackedChart("app", "1.0.0")
    private let two = PackedChart("app", "2.0.0", chart: "description: the second\n")

    private func versions(_ fixture: Fixture) throws -> [String] {
        var found: [String] = []
        try fixture.store.forEachEntry(in: ChartNamespace(try fixture.name("classic")), from: nil, before: nil) {
            found.append("\($0.key.name) \($0.version)")
            return true
        }
        return found
    }

    private func list(_ fixture: Fixture) async throws -> CacheNote {
        try await #require(try fixture.cache.cachedListing(of: ChartNamespace(try fixture.name("classic")))).value().1
    }

    @Test("The list is the upstream's, before anything was pulled") func listing() async throws {
        let fixture = try Fixture()
        fixture.charts.add(one)
        fixture.charts.add(two)
        #expect(try await list(fixture) == CacheNote(age: 0))
        #expect(try versions(fixture) == ["app 2.0.0", "app 1.0.0"])
        #expect(fixture.charts.log == ["INDEX"])
    }

    @Test("A list that is old is served and read again behind the request") func staleList() async throws {
        let fixture = try Fixture()
        fixture.charts.add(one)
        _ = try await list(fixture)
        fixture.charts.add(two)
        fixture.wait(100)
        #expect(try await list(fixture).warnings == [.stale])
        await fixture.settle()
        #expect(try await list(fixture) == CacheNote(age: 0))
        #expect(try versions(fixture) == ["app 2.0.0", "app 1.0.0"])
    }

    @Test("An archive is fetched with its provenance, and then served without the upstream") func archive() async throws
    {
        let fixture = try Fixture()
        fixture.charts.add(one)
        #expect(try await fixture.file("app-1.0.0.tgz") == one.archive)
        await fixture.settle()
        fixture.charts.change { $0.failure = .unavailable("down") }
        #expect(try await fixture.file("app-1.0.0.tgz") == one.archive)
        #expect(fixture.charts.log.sorted() == ["ARCHIVE files/app-1.0.0.tgz", "INDEX", "PROV app"])
        #expect(try versions(fixture) == ["app 1.0.0"])
    }

    @Test("A classic chart is an OCI artifact, by the same manifest whichever way it came") func asOCI() async throws {
        let fixture = try Fixture()
        fixture.charts.add(one)
        let (manifest, _) = try await fixture.manifest("1.0.0", "classic/app")
        #expect(try await fixture.blob(Digest(of: one.archive), "classic/app") == one.archive)
        let other = try Fixture()
        other.charts.add(one)
        _ = try await other.file("app-1.0.0.tgz")
        await other.settle()
        #expect(try await other.manifest("1.0.0", "classic/app").0 == manifest)
        #expect(try await fixture.tags("classic/app") == ["1.0.0"])
    }

    @Test("An archive that is not what the index says is cut before its end and never stored") func lie() async throws {
        let fixture = try Fixture()
        fixture.charts.add(one)
        fixture.charts.change { $0.lies["app-1.0.0.tgz"] = Digest(of: [1]) }
        await #expect(throws: (any Error).self) { _ = try await fixture.file("app-1.0.0.tgz") }
        await fixture.settle()
        #expect(try fixture.store.chartFile(named: "app-1.0.0.tgz", in: ChartNamespace(fixture.name("classic"))) == nil)
    }

    @Test("An archive that holds another chart than the index says is refused") func anotherChart() async throws {
        let fixture = try Fixture()
        fixture.charts.change { [one] in
            $0.charts["other-3.0.0.tgz"] = PackedChart("other", "3.0.0", archive: one.archive)
        }
        await #expect(throws: (any Error).self) { _ = try await fixture.file("other-3.0.0.tgz") }
        await fixture.settle()
        await #expect(throws: ContentError.self) { _ = try await fixture.manifest("1.0.0", "classic/app") }
    }

    @Test("An index that loses more than its share is refused, the last good one stays, and it is reported")
    func shrinking() async throws {
        let fixture = try Fixture()
        for number in 0..<10 { fixture.charts.add(PackedChart("app", "1.0.\(number)")) }
        _ = try await list(fixture)
        fixture.charts.change { state in
            for number in 0..<6 { state.charts["app-1.0.\(number).tgz"] = nil }
        }
        fixture.wait(100)
        _ = try await list(fixture)
        await fixture.settle()
        let note = try await list(fixture)
        guard case .note(let text)? = note.warnings.first else { return #expect(Bool(false), "\(note)") }
        #expect(text.contains("refused"))
        #expect(try versions(fixture).count == 10)
        fixture.charts.add(PackedChart("app", "1.0.0"))
        fixture.wait(100)
        _ = try await list(fixture)
        await fixture.settle()
        #expect(try versions(fixture).count == 5)
        #expect(try await list(fixture) == CacheNote(age: 0))
    }

    @Test("A refused index that the upstream takes back is not spoken of any more") func takenBack() async throws {
        let fixture = try Fixture()
        for number in 0..<4 { fixture.charts.add(PackedChart("app", "1.0.\(number)")) }
        _ = try await list(fixture)
        let good = fixture.charts.state.withLock { $0 }
        fixture.charts.change { $0.charts = [:] }
        for _ in 0..<2 {
            fixture.wait(100)
            _ = try await list(fixture)
            await fixture.settle()
        }
        #expect(try await !list(fixture).warnings.isEmpty)
        fixture.charts.state.withLock { $0 = good }
        fixture.wait(100)
        _ = try await list(fixture)
        await fixture.settle()
        #expect(try await list(fixture) == CacheNote(age: 0))
        #expect(try versions(fixture).count == 4)
    }

    @Test("An index that lost its end is refused, however little it lost") func cut() async throws {
        let fixture = try Fixture()
        for number in 0..<10 { fixture.charts.add(PackedChart("app", "1.0.\(number)")) }
        _ = try await list(fixture)
        fixture.charts.change { state in
            state.charts["app-1.0.0.tgz"] = nil
            state.hasEnd = false
        }
        fixture.wait(100)
        _ = try await list(fixture)
        await fixture.settle()
        #expect(try versions(fixture).count == 10)
        fixture.charts.change { $0.hasEnd = true }
        fixture.wait(100)
        _ = try await list(fixture)
        await fixture.settle()
        #expect(try versions(fixture).count == 9)
    }

    @Test("A version that the upstream replaced under its name is served as it was until the new one is here")
    func replaced() async throws {
        let fixture = try Fixture()
        fixture.charts.add(one)
        _ = try await fixture.file("app-1.0.0.tgz")
        await fixture.settle()
        let again = PackedChart("app", "1.0.0", chart: "description: built again\n")
        fixture.charts.add(again)
        fixture.wait(100)
        _ = try await list(fixture)
        await fixture.settle()
        #expect(try await fixture.file("app-1.0.0.tgz") == again.archive)
    }

    @Test("What the upstream lists no more stays, or goes where the rule follows", arguments: [false, true])
    func gone(follows: Bool) async throws {
        let fixture = try Fixture { $0.deletes = follows }
        fixture.charts.add(one)
        fixture.charts.add(two)
        _ = try await fixture.file("app-1.0.0.tgz")
        await fixture.settle()
        fixture.charts.change { $0.charts["app-1.0.0.tgz"] = nil }
        fixture.wait(100)
        _ = try await list(fixture)
        await fixture.settle()
        #expect(try versions(fixture) == (follows ? ["app 2.0.0"] : ["app 2.0.0", "app 1.0.0"]))
        if !follows { #expect(try await fixture.file("app-1.0.0.tgz") == one.archive) }
    }

    @Test("Young versions are not listed until they are old enough") func young() async throws {
        let fixture = try Fixture { $0.minimumAge = .seconds(86_400) }
        fixture.charts.add(one)
        // The clock of the fixture stands at 2023-11-14T22:13:20Z.
        fixture.charts.change { $0.created = "2023-11-14T12:00:00Z" }
        _ = try await list(fixture)
        #expect(try versions(fixture) == [])
        await #expect(throws: ContentError.self) { _ = try await fixture.file("app-1.0.0.tgz") }
        fixture.wait(86_400)
        _ = try await list(fixture)
        await fixture.settle()
        #expect(try versions(fixture) == ["app 1.0.0"])
        #expect(try await fixture.file("app-1.0.0.tgz") == one.archive)
    }

    @Test("A new version is found although the list is not old yet") func newVersion() async throws {
        let fixture = try Fixture()
        fixture.charts.add(one)
        _ = try await list(fixture)
        fixture.charts.add(two)
        fixture.wait(10)
        #expect(try await fixture.file("app-2.0.0.tgz") == two.archive)
    }

    @Test("One list is read for however many ask, and one archive") func once() async throws {
        let fixture = try Fixture()
        fixture.charts.add(one)
        let latch = Latch()
        let begun = Count()
        fixture.charts.change { $0.beforePiece = { number in if number == 1 { await latch.wait() } } }
        let expected = one.archive
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    let found = try fixture.cache.cachedFile(
                        named: "app-1.0.0.tgz", in: ChartNamespace(fixture.name("classic")))
                    let blob = try await #require(found).value().0.blob
                    begun.add()
                    return try await Fixture.read(blob) == expected
                }
            }
            while begun.value < 50 { await Task.yield() }
            latch.open()
            for try await isRight in group { #expect(isRight) }
        }
        #expect(fixture.charts.log.sorted() == ["ARCHIVE files/app-1.0.0.tgz", "INDEX", "PROV app"])
    }

    @Test("Down from the beginning, the list is an error that says why, and comes when the upstream does") func down()
        async throws
    {
        let fixture = try Fixture()
        fixture.charts.change { $0.failure = .unavailable("no route") }
        await #expect(throws: ContentError.unavailable("no route")) { _ = try await list(fixture) }
        fixture.charts.change { $0.failure = nil }
        fixture.charts.add(one)
        fixture.wait(40)
        #expect(try await list(fixture) == CacheNote(age: 0))
    }
}
