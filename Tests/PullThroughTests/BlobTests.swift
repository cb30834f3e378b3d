import Content
import LocalRegistry
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import PullThrough

@Suite struct BlobTests {
    /// A chart whose archive takes a few pieces.
    private static func large() -> PackedChart {
        var generator = SeededGenerator(seed: 4)
        return PackedChart("app", "1.0.0", archive: generator.bytes(4500))
    }

    private let chart = BlobTests.large()
    private var archive: Digest { Digest(of: chart.archive) }

    private func prepared() async throws -> Fixture {
        let fixture = try Fixture()
        fixture.registry.add(chart)
        _ = try await fixture.manifest("1.0.0")
        return fixture
    }

    @Test("A blob that is not here is read while it comes in, and is here afterwards") func miss() async throws {
        let fixture = try await prepared()
        #expect(try await fixture.blob(archive) == chart.archive)
        await fixture.settle()
        #expect(try await fixture.store.blobSize(archive, in: fixture.name("remote/app")) == 4500)
        #expect(try await fixture.blob(archive) == chart.archive)
        #expect(fixture.registry.log.filter { $0.hasPrefix("BLOB") }.count == 1)
    }

    @Test("A thousand first requests read one upstream blob, all of them rightly") func thousand() async throws {
        let fixture = try await prepared()
        let latch = Latch()
        fixture.registry.change { $0.beforePiece = { number in if number == 2 { await latch.wait() } } }
        let (expected, archive) = (chart.archive, archive)
        let begun = Count()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<1000 {
                group.addTask {
                    let found = try await fixture.cache.cachedBlob(archive, in: fixture.name("remote/app"))?.value().0
                    begun.add()
                    return try await Fixture.read(try #require(found)) == expected
                }
            }
            while begun.value < 1000 { await Task.yield() }
            latch.open()
            for try await isRight in group { #expect(isRight) }
        }
        #expect(fixture.registry.log.filter { $0.hasPrefix("BLOB") }.count == 1)
    }

    @Test("The first bytes are readable while the upstream holds the rest back") func firstByte() async throws {
        let fixture = try await prepared()
        let latch = Latch()
        fixture.registry.change { $0.beforePiece = { number in if number == 3 { await latch.wait() } } }
        let found = try await #require(try fixture.cache.cachedBlob(archive, in: fixture.name("remote/app"))).value().0
        guard case .growing(let growing) = found else { return #expect(Bool(false)) }
        let arrived = Latch()
        while case .waiting = growing.growth(beyond: 2999, { arrived.open() }) { await arrived.wait() }
        guard case .readable(let end) = growing.growth(beyond: 0, {}) else { return #expect(Bool(false)) }
        #expect(end == 3000)
        // A late range works as well.
        latch.open()
        #expect(try await Fixture.read(growing, from: 4000) == Array(chart.archive[4000...]))
    }

    @Test("A reader that leaves does not stop the fill") func leaving() async throws {
        let fixture = try await prepared()
        let latch = Latch()
        fixture.registry.change { $0.beforePiece = { number in if number == 1 { await latch.wait() } } }
        var found = try await fixture.cache.cachedBlob(archive, in: fixture.name("remote/app"))?.value().0
        found = nil
        _ = found
        latch.open()
        await fixture.settle()
        #expect(try await fixture.store.blobSize(archive, in: fixture.name("remote/app")) == 4500)
    }

    @Test("Wrong bytes cut every reader before the last byte, are never stored, and can be asked for again")
    func corrupt() async throws {
        let fixture = try await prepared()
        var wrong = chart.archive
        wrong[10] ^= 1
        fixture.registry.change { [archive, wrong] in $0.blobs[archive] = wrong }
        let found = try await #require(try fixture.cache.cachedBlob(archive, in: fixture.name("remote/app"))).value().0
        await #expect(throws: Fixture.Cut(position: 4499)) { _ = try await Fixture.readUpToCut(found) }
        await fixture.settle()
        await #expect(throws: ContentError.self) {
            _ = try await fixture.store.blobSize(archive, in: fixture.name("remote/app"))
        }
        fixture.registry.change { [archive, chart] in $0.blobs[archive] = chart.archive }
        #expect(try await fixture.blob(archive) == chart.archive)
    }

    @Test("An upstream that breaks off cuts its readers, and the next one begins anew") func brokenOff() async throws {
        let fixture = try await prepared()
        fixture.registry.change { state in
            state.beforePiece = { [registry = fixture.registry] number in
                if number == 2 { registry.change { $0.failure = .unavailable("it broke off") } }
            }
        }
        await #expect(throws: (any Error).self) { _ = try await fixture.blob(archive) }
        await fixture.settle()
        fixture.registry.change { state in
            state.failure = nil
            state.beforePiece = nil
        }
        #expect(try await fixture.blob(archive) == chart.archive)
    }

    @Test("Where nobody says how large it is, readers wait for the end") func unknownSize() async throws {
        let fixture = try Fixture()
        fixture.registry.change { $0.tellsSize = false }
        fixture.registry.add(chart)
        // No manifest was asked for, so nothing says the size.
        #expect(try await fixture.blob(archive) == chart.archive)
    }

    @Test("A size other than the manifest's is refused before any byte") func wrongSize() async throws {
        let fixture = try await prepared()
        fixture.registry.change { [archive, chart] in $0.blobs[archive] = chart.archive + [0] }
        await #expect(throws: ContentError.self) { _ = try await fixture.blob(archive) }
    }

    @Test("A blob that another repository holds is not fetched again when the manifest names it") func mounted()
        async throws
    {
        let fixture = try await prepared()
        _ = try await fixture.blob(archive)
        await fixture.settle()
        _ = try await fixture.manifest("1.0.0", "remote/other")
        #expect(try await fixture.blob(archive, "remote/other") == chart.archive)
        #expect(fixture.registry.log.filter { $0.hasPrefix("BLOB") } == ["BLOB app"])
    }

    @Test("A manifest is answered although its blobs never come") func manifestFirst() async throws {
        let fixture = try Fixture()
        fixture.registry.add(chart)
        fixture.registry.change { $0.blobs = [:] }
        #expect(try await fixture.manifest("1.0.0").0 == chart.manifest)
        await #expect(throws: ContentError.self) { _ = try await fixture.blob(archive) }
    }

    @Test("What was pulled through is listed as a chart, searchable, and found by its file name") func listed()
        async throws
    {
        let fixture = try Fixture()
        let real = PackedChart("app", "1.2.3", chart: "description: finds whales\n")
        fixture.registry.add(real)
        _ = try await fixture.manifest("1.2.3")
        _ = try await fixture.blob(Digest(of: real.config))
        #expect(try await fixture.blob(Digest(of: real.archive)) == real.archive)
        await fixture.settle()
        #expect(try await fixture.store.searchCharts("whales", in: nil, limit: 9).map(\.version) == ["1.2.3"])
        #expect(try await fixture.file("app-1.2.3.tgz", "remote") == real.archive)
    }

    @Test("A registry's chart can be had under the name of its archive, without having been pulled") func classicSide()
        async throws
    {
        let fixture = try Fixture()
        let real = PackedChart("app", "1.2.3-rc.1")
        fixture.registry.add(real)
        #expect(try await fixture.file("app-1.2.3-rc.1.tgz", "remote") == real.archive)
    }

    @Test("Warming fetches everything below a reference, once") func warming() async throws {
        let fixture = try Fixture()
        fixture.registry.add(chart)
        let reference = Reference(repository: try fixture.name("remote/app"), tag: try Tag(parsing: "1.0.0"))
        let first = try await fixture.cache.warm(reference)
        #expect(first.fetched == 3)
        #expect(try await fixture.cache.warm(reference) == WarmedReference(fetched: 0, bytes: 0))
        fixture.registry.change { $0.failure = .unavailable("down") }
        #expect(try await fixture.blob(archive) == chart.archive)
    }
}

extension Fixture {
    /// Reads until the blob is cut, and throws where.
    static func readUpToCut(_ blob: FoundBlob) async throws -> [UInt8] {
        guard case .growing(let growing) = blob else { throw Unexpected() }
        return try await read(growing)
    }
}
