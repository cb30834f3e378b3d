import Content
import LocalRegistry
import OCIModel
import TestSupport
import Testing

/// Both doors of a store: what enters by one is there by the other.
@Suite struct ChartDoorTests {
    private let store: StoreFixture
    private let room: ChartNamespace

    init() throws {
        store = try StoreFixture()
        room = try ChartNamespace(parsing: "room")
    }

    /// Stores an archive by the classic door.
    private func upload(
        _ archive: [UInt8], _ registry: Registry, provenance: [UInt8]? = nil, replacing: Bool = false
    ) async throws(ContentError) -> StoredChart {
        let upload = try await registry.openChart(in: room)
        for start in stride(from: 0, to: archive.count, by: 1000) {
            try await upload.append(Array(archive[start..<min(start + 1000, archive.count)]))
        }
        return try await upload.finish(provenance: provenance, replacing: replacing)
    }

    private func files(_ registry: Registry) throws -> [String] {
        var files: [String] = []
        try registry.forEachEntry(in: room, from: nil, before: nil) { entry in
            files.append("\(entry.key.name) \(entry.version)")
            return true
        }
        return files
    }

    @Test("An archive that came by the classic door is an OCI artifact, and listed") func classicDoor() async throws {
        let chart = PackedChart("app", "1.2.3+up4", chart: "description: d\n").signed()
        try await store.with { registry in
            let stored = try await upload(chart.archive, registry, provenance: chart.provenance)
            #expect(stored.repository.description == "room/app")
            #expect(stored.tag.description == "1.2.3_up4")
            #expect(stored.warnings == [])
            let found = try registry.findManifest(.tag(stored.tag), in: stored.repository)
            #expect(found.digest == stored.manifest)
            let manifest = try Manifest(parsing: found.bytes, contentType: found.mediaType)
            #expect(Set(manifest.layers.map(\.mediaType)) == [.helmChart, .helmProvenance])
            #expect(manifest.annotations["org.opencontainers.image.version"] == "1.2.3+up4")
            for layer in manifest.layers {
                #expect(try registry.served(layer.digest, in: stored.repository).count == layer.size)
            }
            let file = try #require(try registry.chartFile(named: "app-1.2.3+up4.tgz", in: room))
            #expect(file.archive == Digest(of: chart.archive))
            #expect(file.provenance == Digest(of: chart.provenance ?? []))
            #expect(try registry.served(file.archive, in: stored.repository) == chart.archive)
            #expect(try files(registry) == ["app 1.2.3+up4"])
        }
        #expect(try store.usedSlots() == 0)
        #expect(try store.damagedFiles() == [])
    }

    @Test("What was pushed as an artifact is listed; both doors agree on every digest") func bothDoors() async throws {
        let chart = PackedChart("app", "1.0.0", chart: "keywords: [web]\n")
        let other = try StoreFixture()
        let classic = try await store.with { try await upload(chart.archive, $0) }
        try await other.with { registry in
            let again = try await upload(chart.archive, registry)
            #expect(again == classic)
            try await chart.push(to: registry, try RepositoryName(parsing: "room/web"))
            let name = try RepositoryName(parsing: "hall/app")
            try await chart.push(to: registry, name)
            let hall = try ChartNamespace(parsing: "hall")
            #expect(try registry.chartFile(named: "app-1.0.0.tgz", in: hall)?.repository == name)
            // A chart in a repository of another name is an artifact like any other, listed nowhere.
            let problem = try registry.chartProblem(
                of: chart.manifest.digest, in: try RepositoryName(parsing: "room/web"))
            #expect(problem?.contains("push it to room/app") == true)
            #expect(try await registry.listUnlisted(limit: 9).count == 1)
            #expect(try await registry.searchCharts("web", in: nil, limit: 9).count == 2)
            #expect(
                try await registry.listCharts(in: nil, PageRequest(limit: 9)).elements.map(\.repository.description)
                    == ["hall/app", "room/app"])
            #expect(
                try await registry.listCharts(
                    in: nil, PageRequest(limit: 9, last: ChartCursor(namespace: hall, name: "app"))
                ).elements.map(\.repository.description) == ["room/app"])
        }
    }

    @Test("A version that is there is not replaced unless it is asked for; then the index follows")
    func replacing() async throws {
        let (one, two) = (PackedChart("app", "1.0.0"), PackedChart("app", "1.0.0", chart: "description: new\n"))
        try await store.with { registry in
            _ = try await upload(one.archive, registry)
            let first = await refusal { () throws(ContentError) in _ = try await upload(two.archive, registry) }
            #expect(first?.httpStatus == 409 && first?.message.contains("app-1.0.0.tgz") == true)
            let same = await refusal { () throws(ContentError) in _ = try await upload(one.archive, registry) }
            #expect(same?.httpStatus == 409)
            #expect(try registry.chartFile(named: "app-1.0.0.tgz", in: room)?.archive == Digest(of: one.archive))
            _ = try await upload(two.archive, registry, replacing: true)
            #expect(try registry.chartFile(named: "app-1.0.0.tgz", in: room)?.archive == Digest(of: two.archive))
            #expect(try files(registry) == ["app 1.0.0"])
            try await registry.removeChart("app", version: "1.0.0", in: room)
            #expect(try files(registry) == [])
            let gone = await refusal { () throws(ContentError) in
                try await registry.removeChart("app", version: "1.0.0", in: room)
            }
            #expect(gone?.httpStatus == 404)
        }
        #expect(try store.usedSlots() == 0)
    }

    @Test("A tag of something else is in the way, and said so") func foreignTag() async throws {
        try await store.with { registry in
            let name = try RepositoryName(parsing: "room/app")
            try await SampleChart("plain", "x").push(to: registry, name, tags: [try Tag(parsing: "1.0.0")])
            let error = await refusal { () throws(ContentError) in
                _ = try await upload(PackedChart("app", "1.0.0").archive, registry)
            }
            #expect(error?.httpStatus == 409 && error?.message.contains("room/app:1.0.0") == true)
        }
    }

    @Test("Provenance that comes later makes a new manifest over the same archive") func lateProvenance() async throws {
        let chart = PackedChart("app", "1.0.0").signed()
        let provenance = try #require(chart.provenance)
        let together = try await StoreFixture().with { try await upload(chart.archive, $0, provenance: provenance) }
        try await store.with { registry in
            let early = await refusal { () throws(ContentError) in
                _ = try await registry.addProvenance(provenance, in: room, replacing: false)
            }
            #expect(early?.httpStatus == 404)
            _ = try await upload(chart.archive, registry)
            let added = try await registry.addProvenance(provenance, in: room, replacing: false)
            #expect(added.manifest == together.manifest)
            #expect(try registry.chartFile(named: "app-1.0.0.tgz", in: room)?.provenance == Digest(of: provenance))
            let again = await refusal { () throws(ContentError) in
                _ = try await registry.addProvenance(provenance, in: room, replacing: false)
            }
            #expect(again?.httpStatus == 409)
            let junk = await refusal { () throws(ContentError) in
                _ = try await registry.addProvenance([1, 2, 3], in: room, replacing: false)
            }
            #expect(junk?.httpStatus == 400)
        }
    }

    @Test("What is no chart is refused by the classic door and leaves nothing") func refused() async throws {
        let other = PackedChart("app", "2.0.0")
        try await store.with { registry in
            for (bytes, provenance) in [
                ([], nil), (Array("no archive".utf8), nil), (TarBuilder().gzipped, nil),
                (PackedChart("app", "one").archive, nil), (PackedChart("a b", "1.0.0").archive, nil),
                (PackedChart("app", "1.0.0+" + String(repeating: "x", count: 130)).archive, nil),
                (PackedChart("app", "1.0.0").archive, other.signed().provenance),
                (PackedChart("app", "1.0.0").archive, Array("no provenance".utf8)),
            ] as [([UInt8], [UInt8]?)] {
                let error = await refusal { () throws(ContentError) in
                    _ = try await upload(bytes, registry, provenance: provenance)
                }
                #expect(error?.httpStatus == 400)
                let lines = error?.message.split(separator: "\n", omittingEmptySubsequences: false).count
                #expect(lines == 1)
            }
            let (listed, names) = (try files(registry), try registry.repositoryPage(PageRequest(limit: 9)).elements)
            #expect(listed == [] && names == [])
        }
        #expect(try store.usedSlots() == 0)
    }

    @Test("Names that OCI cannot hold go by their alias; a second chart of that alias is refused")
    func aliases() async throws {
        try await store.with { registry in
            let loud = try await upload(PackedChart("MyApp", "1.0.0").archive, registry)
            #expect(loud.repository.description == "room/myapp" && loud.name == "MyApp")
            #expect(try files(registry) == ["MyApp 1.0.0"])
            let error = await refusal { () throws(ContentError) in
                _ = try await upload(PackedChart("myapp", "2.0.0").archive, registry)
            }
            #expect(error?.httpStatus == 409 && error?.message.contains("MyApp") == true)
            let warned = try await upload(PackedChart("app", "v1.0.0").archive, registry)
            #expect(warned.warnings.count == 1 && warned.tag.description == "v1.0.0")
        }
    }

    @Test("A manifest whose archive is no chart is stored as the artifact it is, and listed nowhere")
    func badArtifact() async throws {
        try await store.with { registry in
            let name = try RepositoryName(parsing: "room/app")
            let bad = PackedChart("app", "1.0.0", archive: Array("no archive".utf8))
            let good = PackedChart("app", "2.0.0")
            try await bad.push(to: registry, name)
            try await good.push(to: registry, name)
            #expect(try registry.findManifest(.digest(bad.manifest.digest), in: name).bytes == bad.manifest.bytes)
            #expect(try files(registry) == ["app 2.0.0"])
            #expect(try registry.chartProblem(of: bad.manifest.digest, in: name)?.contains("gzip") == true)
        }
        // It is so after a restart, too.
        let listed = try await store.with { registry in try files(registry) }
        #expect(listed == ["app 2.0.0"])
    }
}

/// The error that work throws; nil when it throws none.
private func refusal(_ work: () async throws(ContentError) -> Void) async -> ContentError? {
    do throws(ContentError) {
        try await work()
        return nil
    } catch {
        return error
    }
}
