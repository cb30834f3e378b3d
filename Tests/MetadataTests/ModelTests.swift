import Content
import Metadata
import OCIModel
import TestSupport
import Testing

/// Random pushes and deletes against a store in a few dictionaries: after each, listings, counters and totals agree.
@Suite struct ModelTests {
    /// What a store should hold.
    private struct Model {
        struct Repository {
            var blobs: Set<Digest> = []
            var manifests: [Digest: Set<Digest>] = [:]
            var tags: [String: Digest] = [:]
        }

        var repositories: [RepositoryName: Repository] = [:]
        var sizes: [Digest: Int64] = [:]

        var blobs: Set<Digest> { repositories.values.reduce(into: []) { $0.formUnion($1.blobs) } }

        var totals: [Int64] {
            let all = repositories.values
            return [
                Int64(blobs.count), blobs.reduce(0) { $0 + (sizes[$1] ?? 0) },
                all.reduce(0) { $0 + $1.blobs.reduce(0) { $0 + (sizes[$1] ?? 0) } }, Int64(all.count),
                Int64(all.reduce(0) { $0 + $1.manifests.count }), Int64(all.reduce(0) { $0 + $1.tags.count }),
            ]
        }
    }

    private static let charts = (0..<6).map { SampleChart("app", "\($0)", archiveBytes: 10 + $0) }

    @Test("Listings, counters and totals are those of a simple model", arguments: Seeds.some([1, 2, 3]))
    func random(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let fixture = try MetadataFixture()
        let names = try ["a", "a/b", "c"].map { try name($0) }
        var model = Model()
        var refused = 0
        for _ in 0..<400 {
            let repository = try #require(names.randomElement(using: &generator))
            let before = model
            let problem = try act(on: fixture, &model, repository, &generator)
            if problem != "none" {
                model = before
                refused += 1
            }
            try compare(fixture, model, names)
        }
        #expect(refused > 20 && refused < 300)
        let removals = try fixture.writer.removals()
        #expect(model.blobs.isDisjoint(with: removals))
        for digest in model.blobs { #expect(try fixture.reader.slot(of: digest) != nil) }
    }

    /// One random action, on both; gives the kind of error the store answered with.
    private func act(
        on fixture: MetadataFixture, _ model: inout Model, _ name: RepositoryName, _ generator: inout SeededGenerator
    ) throws -> String {
        let chart = try #require(ModelTests.charts.randomElement(using: &generator))
        let bytes = Bool.random(using: &generator) ? chart.config : chart.archive
        let tag = String(Int.random(in: 0..<4, using: &generator))
        let digest = chart.manifest.digest
        switch Int.random(in: 0..<20, using: &generator) {
        case 0..<6:
            model.repositories[name, default: .init()].blobs.insert(Digest(of: bytes))
            model.sizes[Digest(of: bytes)] = Int64(bytes.count)
            return failure { try fixture.link(bytes, name) }
        case 6..<12:
            let needed: Set<Digest> = [Digest(of: chart.config), Digest(of: chart.archive)]
            let isComplete = needed.isSubset(of: model.repositories[name]?.blobs ?? [])
            if isComplete {
                model.repositories[name]?.manifests[digest] = needed
                model.repositories[name]?.tags[tag] = digest
            }
            let problem = failure { try fixture.put(chart.manifest, name, tags: [tag]) }
            #expect(problem == (isComplete ? "none" : "referencesMissing"))
            return problem
        case 12..<14:
            let isThere = model.repositories[name]?.tags.removeValue(forKey: tag) != nil
            let problem = failure { try fixture.deleteTag(tag, name) }
            #expect((problem == "none") == isThere)
            return problem
        case 14..<16:
            let isThere = model.repositories[name]?.manifests.removeValue(forKey: digest) != nil
            let left = model.repositories[name]?.tags.filter { $0.value != digest } ?? [:]
            model.repositories[name]?.tags = left
            let problem = failure { try fixture.delete(.digest(digest), name) }
            #expect((problem == "none") == isThere)
            return problem
        case 16..<18:
            let isThere = model.repositories[name]?.blobs.remove(Digest(of: bytes)) != nil
            let isGone = !model.blobs.contains(Digest(of: bytes))
            return failure {
                let wasLast = try fixture.unlink(bytes, name)
                #expect(isThere && wasLast == isGone)
            }
        case 18:
            guard let source = model.repositories.first(where: { $0.value.blobs.contains(Digest(of: bytes)) }) else {
                return "none"
            }
            model.repositories[name, default: .init()].blobs.insert(Digest(of: bytes))
            return failure {
                let isMounted = try fixture.step { writer throws(ContentError) in
                    try writer.mountBlob(Digest(of: bytes), from: source.key, into: name, at: 1)
                }
                #expect(isMounted)
            }
        default:
            let held = model.blobs
            let removed = model.repositories.removeValue(forKey: name)
            let orphans = held.subtracting(model.blobs)
            return failure {
                let result = try fixture.step { writer throws(ContentError) in try writer.deleteRepository(name) }
                #expect(Set(result.blobs) == orphans)
                #expect(result.manifests == Int64(removed?.manifests.count ?? -1))
                #expect(result.tags == Int64(removed?.tags.count ?? -1))
            }
        }
    }

    private func compare(_ fixture: MetadataFixture, _ model: Model, _ names: [RepositoryName]) throws {
        let reader = fixture.reader
        let totals = try reader.totals()
        #expect(
            [
                totals.blobs, totals.physicalBytes, totals.logicalBytes, totals.repositories, totals.manifests,
                totals.tags,
            ] == model.totals)
        let listed = model.repositories.filter { !$0.value.manifests.isEmpty }.keys.sorted()
        #expect(try reader.repositories(PageRequest(limit: 100)).elements == listed)
        for name in names {
            let expected = model.repositories[name]
            let found = try reader.repository(name)
            #expect(found?.manifestCount == expected.map { Int64($0.manifests.count) })
            #expect(found?.tagCount == expected.map { Int64($0.tags.count) })
            guard let expected else { continue }
            #expect(
                try reader.tags(in: name, PageRequest(limit: 100)).elements.map(\.description)
                    == expected.tags.keys.sorted())
            #expect(
                try reader.manifests(in: name, PageRequest(limit: 100)).elements.map(\.digest)
                    == expected.manifests.keys.sorted())
            for (tag, digest) in expected.tags {
                #expect(try reader.tag(try Tag(parsing: tag), in: name)?.digest == digest)
            }
            for chart in ModelTests.charts {
                for bytes in [chart.config, chart.archive] {
                    let size = try reader.blob(Digest(of: bytes), in: name)?.size
                    #expect(size == (expected.blobs.contains(Digest(of: bytes)) ? Int64(bytes.count) : nil))
                }
            }
        }
    }
}
