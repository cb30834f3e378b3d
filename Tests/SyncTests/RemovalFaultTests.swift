import Content
import Metadata
import OCIModel
import Sync
import Synchronization
import TestSupport
import Testing

@Suite struct RemovalFaultTests {
    private func pruning(_ fixture: Fixture) throws -> MirrorRule {
        try fixture.rule {
            $0.versions.constraint = try ChartConstraint(parsing: ">=2")
            $0.immutable = .versions
            $0.prune = PruneRule()
            $0.prune?.maximumPercent = 100
        }
    }

    private func prune(_ fixture: Fixture) async throws -> MirrorResult {
        _ = try await fixture.worker(try pruning(fixture)).run(.command)
        fixture.pass(days: 8)
        return try await fixture.worker(try pruning(fixture)).run(.command)
    }

    @Test("What was there before, and was never compared, is not removed") func neverCompared() async throws {
        let fixture = try Fixture()
        for end in [fixture.source, fixture.destination] { end.change { $0.hidesDigests = true } }
        for version in ["1.0.0", "2.0.0"] { try await fixture.add("nginx", version) }
        let foreign = PackedChart("nginx", "1.0.0", files: [("a", "b")])
        try await foreign.push(to: fixture.destination.registry, try RepositoryName(parsing: "mirror/nginx"))
        let all = fixture.rule { $0.immutable = .versions }
        #expect(try await fixture.worker(all).run(.command).run.counts.left == 1)
        let result = try await prune(fixture)
        #expect(result.run.counts.pruned == 0)
        #expect(try fixture.digest("mirror/nginx", "1.0.0") == foreign.manifest.digest)
    }

    @Test("An old note that does not say what was put there removes nothing") func noDigest() async throws {
        let fixture = try Fixture()
        for version in ["1.0.0", "2.0.0"] { try await fixture.add("nginx", version) }
        _ = try await fixture.worker(fixture.rule()).run(.command)
        let name = try RepositoryName(parsing: "mirror/nginx")
        try fixture.ledger.note(
            [
                MirroredReference(
                    repository: name, tag: try Tag(parsing: "1.0.0"), sourceDigest: nil, digest: nil, seenAt: 1)
            ],
            of: "m", at: "oci://to.test")
        let result = try await prune(fixture)
        #expect(result.run.counts.pruned == 0)
        #expect(result.failures.map(\.side) == [.destination])
        #expect(try fixture.digest("mirror/nginx", "1.0.0") != nil)
    }

    @Test("A registry that removes whole manifests only keeps what an index still holds") func inIndex() async throws {
        let fixture = try Fixture()
        for version in ["1.0.0", "2.0.0"] { try await fixture.add("nginx", version) }
        _ = try await fixture.worker(fixture.rule()).run(.command)
        let name = try RepositoryName(parsing: "mirror/nginx")
        let image = try await fixture.destination.registry.manifest(.tag(try Tag(parsing: "1.0.0")), in: name)
        let inner = SampleChart.index([image])
        try await fixture.destination.registry.putManifest(inner, tags: [], in: name)
        try await fixture.destination.registry.putManifest(
            SampleChart.index([inner]), tags: [try Tag(parsing: "all")], in: name)
        fixture.destination.change { state in
            state.before = { line throws(ContentError) in
                if line.hasPrefix("delete"), line.hasSuffix(":1.0.0") { throw .unsupported("by digest only") }
            }
        }
        let result = try await prune(fixture)
        #expect(result.run.counts.pruned == 0)
        #expect(result.failures.first?.reason.contains("tag all") == true)
        try await fixture.checkDestination()
        #expect(try fixture.digest("mirror/nginx", "1.0.0") == image.digest)
        // Without the index it goes.
        try await fixture.destination.registry.deleteManifest(.tag(try Tag(parsing: "all")), in: name)
        fixture.pass(days: 8)
        #expect(try await fixture.worker(try pruning(fixture)).run(.command).run.counts.pruned == 1)
    }

    @Test("Taking a removal back does not overwrite what came since, nor names what is not there") func undo()
        async throws
    {
        for isGone in [false, true] {
            let fixture = try Fixture()
            let old = try await fixture.add("nginx", "1.0.0")
            try await fixture.add("nginx", "2.0.0")
            _ = try await fixture.worker(fixture.rule()).run(.command)
            #expect(try await prune(fixture).run.counts.pruned == 1)
            let (registry, name) = (fixture.destination.registry, try RepositoryName(parsing: "mirror/nginx"))
            let newer = PackedChart("nginx", "1.0.0", files: [("a", "b")])
            if isGone {
                try await registry.deleteBlob(Digest(of: old.archive), in: name)
            } else {
                try await newer.push(to: registry, name)
            }
            let undone = try await fixture.worker(try pruning(fixture)).undoPrune { _, _ in true }
            #expect(undone.restored.isEmpty)
            #expect(undone.failures.count == 1)
            #expect(undone.failures.first?.hint.isEmpty == false)
            #expect(try fixture.digest("mirror/nginx", "1.0.0") == (isGone ? nil : newer.manifest.digest))
            try await fixture.checkDestination()
        }
    }

    @Test("A catalog that lists a repository which is gone is no failure; a named one that is gone is")
    func deadRepository() async throws {
        let fixture = try Fixture()
        for name in ["nginx", "redis"] { try await fixture.add(name, "1.0.0") }
        fixture.source.change { state in
            state.before = { line throws(ContentError) in
                if line == "list team/redis" { throw .nameUnknown("repository team/redis is not known") }
            }
        }
        let result = try await fixture.worker(fixture.rule()).run(.command)
        #expect(result.run.outcome == .succeeded)
        #expect(result.plan.notes.contains { $0.contains("team/redis") })
        let named = try fixture.rule { $0.repositories = [try NamePattern("redis"), try NamePattern("nginx")] }
        #expect(try await fixture.worker(named).run(.command).failures.map(\.side) == [.source])
    }

    @Test("A lock that leads to another destination than its rule is not followed") func foreignLock() async throws {
        let fixture = try Fixture()
        try await fixture.add("nginx", "1.0.0")
        let worker = fixture.worker(fixture.rule())
        var lock = LockedMirror.of(await worker.plan(wantsDigests: true)).lock
        let other = MirrorPlace.registry(authority: "evil.test", isSecure: true, path: "")
        let end = ScriptedEnd()
        fixture.ends.add(other, destination: .artifacts(end, intake: nil))
        lock.references[0].to = other
        let result = try await fixture.worker(fixture.rule(), lock: lock).run(.command)
        #expect(result.failures.map(\.side) == [.destination])
        #expect(end.log.isEmpty)
    }
}
