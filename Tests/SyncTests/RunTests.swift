import Content
import Metadata
import OCIModel
import Sync
import TestSupport
import Testing

@Suite struct RunTests {
    @Test("A run brings what is selected, and the next moves nothing") func copies() async throws {
        let fixture = try Fixture()
        for version in ["1.0.0", "1.1.0", "2.0.0"] { try await fixture.add("nginx", version) }
        try await fixture.add("redis", "3.0.0")
        let rule = try fixture.rule { $0.versions.constraint = try ChartConstraint(parsing: "<2 || >=3") }
        let first = try await fixture.worker(rule).run(.command)
        #expect(first.run.outcome == .succeeded)
        #expect(first.run.counts.copied == 3)
        #expect(first.run.counts.blobs == 6)
        #expect(try fixture.digest("mirror/nginx", "1.1.0") != nil)
        #expect(try fixture.digest("mirror/nginx", "2.0.0") == nil)
        #expect(try fixture.digest("mirror/redis", "3.0.0") != nil)
        _ = (fixture.source.takeLog(), fixture.destination.takeLog())
        let second = try await fixture.worker(rule).run(.command)
        #expect(second.run.counts.left == 3)
        #expect(second.run.counts.bytes == 0)
        // Listings that give digests are all there is to ask for.
        #expect(fixture.source.log.sorted() == ["catalog", "list team/nginx", "list team/redis"])
        #expect(fixture.destination.log.sorted() == ["list mirror/nginx", "list mirror/redis"])
    }

    @Test("Where listings give no digests, a tag costs one question at the source and none at the destination")
    func oneQuestion() async throws {
        let fixture = try Fixture()
        for end in [fixture.source, fixture.destination] { end.change { $0.hidesDigests = true } }
        try await fixture.add("nginx", "1.0.0")
        try await fixture.add("nginx", "1.1.0")
        let rule = try fixture.rule { $0.repositories = [try NamePattern("nginx")] }
        _ = try await fixture.worker(rule).run(.command)
        // Nothing is asked about single tags before they are copied.
        #expect(!fixture.source.takeLog().contains { $0.hasPrefix("head") })
        _ = fixture.destination.takeLog()
        #expect(try await fixture.worker(rule).run(.command).run.counts.left == 2)
        #expect(fixture.source.takeLog().filter { $0.hasPrefix("head") }.count == 2)
        #expect(fixture.destination.takeLog() == ["list mirror/nginx"])
        // After a day the destination is asked as well.
        fixture.pass(days: 2)
        _ = try await fixture.worker(rule).run(.command)
        #expect(fixture.destination.takeLog().filter { $0.hasPrefix("head") }.count == 2)
    }

    @Test("Nobody is asked about versions that are said never to move") func immutable() async throws {
        let fixture = try Fixture()
        for end in [fixture.source, fixture.destination] { end.change { $0.hidesDigests = true } }
        try await fixture.add("nginx", "1.0.0")
        let rule = try fixture.rule {
            $0.repositories = [try NamePattern("nginx")]
            $0.immutable = .versions
        }
        _ = try await fixture.worker(rule).run(.command)
        _ = (fixture.source.takeLog(), fixture.destination.takeLog())
        fixture.pass(days: 100)
        _ = try await fixture.worker(rule).run(.command)
        #expect(fixture.source.log == ["list team/nginx"])
        #expect(fixture.destination.log == ["list mirror/nginx"])
    }

    @Test("A tag that moves at the source moves at the destination, an immutable one is reported") func moves()
        async throws
    {
        for isImmutable in [false, true] {
            let fixture = try Fixture()
            try await fixture.add("nginx", "1.0.0")
            let rule = fixture.rule { $0.immutable = isImmutable ? .versions : .none }
            _ = try await fixture.worker(rule).run(.command)
            let before = try fixture.digest("mirror/nginx", "1.0.0")
            let moved = try await fixture.add("nginx", "1.0.0", files: [("values.yaml", "a: 1\n")])
            let result = try await fixture.worker(rule).run(.command)
            #expect(result.run.outcome == (isImmutable ? .failed : .succeeded))
            #expect(try fixture.digest("mirror/nginx", "1.0.0") == (isImmutable ? before : moved.manifest.digest))
            if isImmutable { #expect(result.failures.first?.reason.contains("immutable") == true) }
        }
    }

    @Test("A tag that somebody moved at the destination is put right") func destinationMoved() async throws {
        let fixture = try Fixture()
        let chart = try await fixture.add("nginx", "1.0.0")
        _ = try await fixture.worker(fixture.rule()).run(.command)
        let other = PackedChart("nginx", "1.0.0", files: [("values.yaml", "evil: true\n")])
        try await other.push(to: fixture.destination.registry, try RepositoryName(parsing: "mirror/nginx"))
        _ = try await fixture.worker(fixture.rule()).run(.command)
        #expect(try fixture.digest("mirror/nginx", "1.0.0") == chart.manifest.digest)
    }

    @Test("One bad chart fails alone, with its side, reason and hint") func failsAlone() async throws {
        let fixture = try Fixture()
        try await fixture.add("bad", "1.0.0")
        try await fixture.add("good", "1.0.0")
        fixture.source.change { state in
            state.before = { line throws(ContentError) in
                if line.hasPrefix("get team/bad") { throw .corrupt("the manifest does not hash to its digest") }
            }
        }
        let result = try await fixture.worker(fixture.rule()).run(.command)
        #expect(result.run.outcome == .failed)
        #expect(result.run.counts.copied == 1)
        #expect(result.failures.count == 1)
        #expect(result.failures.first?.side == .source)
        #expect(result.failures.first?.source == "oci://from.test/team/bad:1.0.0")
        #expect(result.failures.first?.hint.isEmpty == false)
        #expect(try fixture.ledger.failures(of: result.run.id) == result.failures)
        #expect(try fixture.digest("mirror/bad", "1.0.0") == nil)
        #expect(try fixture.digest("mirror/good", "1.0.0") != nil)
    }

    @Test("A destination that is full is said to be the destination") func full() async throws {
        let fixture = try Fixture()
        try await fixture.add("nginx", "1.0.0")
        fixture.destination.change { state in
            state.before = { line throws(ContentError) in
                if line.hasPrefix("put") { throw .storageFull("no space left") }
            }
        }
        let result = try await fixture.worker(fixture.rule()).run(.command)
        #expect(result.failures.map(\.side) == [.destination])
        #expect(try fixture.digest("mirror/nginx", "1.0.0") == nil)
        fixture.destination.change { $0.before = nil }
        #expect(try await fixture.worker(fixture.rule()).run(.command).run.outcome == .succeeded)
    }

    @Test("A selection that matches nothing is a failure, and nothing is removed") func nothing() async throws {
        let fixture = try Fixture()
        try await fixture.add("nginx", "1.0.0")
        _ = try await fixture.worker(fixture.rule()).run(.command)
        let rule = try fixture.rule {
            $0.repositories = [try NamePattern("nginy*")]
            $0.prune = PruneRule()
            $0.prune?.maximumPercent = 100
        }
        let result = try await fixture.worker(rule).run(.command)
        #expect(result.run.outcome == .failed)
        #expect(result.run.counts.marked == 0)
        #expect(try fixture.digest("mirror/nginx", "1.0.0") != nil)
    }

    @Test("A source that cannot be reached fails the run with one reason") func unreachable() async throws {
        let fixture = try Fixture()
        var rule = fixture.rule()
        rule.from = .registry(authority: "gone.test", isSecure: true, path: "")
        let result = try await fixture.worker(rule).run(.command)
        #expect(result.run.outcome == .failed)
        #expect(result.failures.map(\.side) == [.source])
        #expect(!result.run.message.isEmpty)
    }

    @Test("Two runs of a mirror do not go at once") func exclusive() async throws {
        let fixture = try Fixture()
        let running = try fixture.ledger.beginRun(of: "m", .command, at: 1)
        await #expect(throws: ContentError.self) { try await fixture.worker(fixture.rule()).run(.schedule) }
        try fixture.ledger.endRun(running, [])
        _ = try? await fixture.worker(fixture.rule()).run(.schedule)
        #expect(try fixture.ledger.runs(of: "m", before: nil, limit: 10).count == 2)
    }

    @Test("Within one registry blobs are mounted, not read") func oneRegistry() async throws {
        let fixture = try Fixture()
        try await fixture.add("nginx", "1.0.0")
        let to = MirrorPlace.registry(authority: "from.test", isSecure: true, path: "copy")
        fixture.ends.add(to, destination: .artifacts(fixture.source, intake: nil))
        var rule = fixture.rule()
        rule.to = to
        rule.repositories = [try NamePattern("nginx")]
        let result = try await fixture.worker(rule).run(.command)
        #expect(result.run.counts.mounted == 2)
        #expect(!fixture.source.log.contains { $0.hasPrefix("read") })
    }

    @Test("What an interrupted run left is asked for, and nobody is asked in a repository that is new")
    func asksAfterInterruption() async throws {
        let fixture = try Fixture()
        try await fixture.add("nginx", "1.0.0")
        _ = try await fixture.worker(fixture.rule()).run(.command)
        #expect(fixture.destination.takeLog().filter { $0.hasPrefix("blob") }.allSatisfy { $0.hasSuffix("unasked") })
        try await fixture.add("redis", "1.0.0")
        var lost = try fixture.ledger.beginRun(of: "m", .command, at: 1)
        lost.outcome = .cancelled
        try fixture.ledger.endRun(lost, [])
        _ = try await fixture.worker(fixture.rule()).run(.command)
        let blobs = fixture.destination.takeLog().filter { $0.hasPrefix("blob") }
        #expect(blobs.count == 2 && !blobs.contains { $0.hasSuffix("unasked") })
    }

    // MARK: Removal

    private func pruning(_ fixture: Fixture) throws -> MirrorRule {
        try fixture.rule {
            $0.versions.constraint = try ChartConstraint(parsing: ">=2")
            $0.prune = PruneRule()
            $0.prune?.maximumPercent = 100
        }
    }

    @Test("What is not selected any more is marked, removed after the grace period, and can be brought back")
    func prunes() async throws {
        let fixture = try Fixture()
        let old = try await fixture.add("nginx", "1.0.0")
        try await fixture.add("nginx", "2.0.0")
        _ = try await fixture.worker(fixture.rule()).run(.command)
        let rule = try pruning(fixture)
        let marked = try await fixture.worker(rule).run(.command)
        #expect(marked.run.counts.marked == 1)
        #expect(try fixture.digest("mirror/nginx", "1.0.0") != nil)
        fixture.pass(days: 8)
        let pruned = try await fixture.worker(rule).run(.command)
        #expect(pruned.run.counts.pruned == 1)
        #expect(try fixture.digest("mirror/nginx", "1.0.0") == nil)
        #expect(try fixture.digest("mirror/nginx", "2.0.0") != nil)
        let undone = try await fixture.worker(rule).undoPrune { _, _ in true }
        #expect(undone.restored == ["oci://to.test/mirror/nginx:1.0.0"])
        #expect(try fixture.digest("mirror/nginx", "1.0.0") == old.manifest.digest)
        // It is marked anew and has its whole grace period before it.
        #expect(try await fixture.worker(rule).run(.command).run.counts.pruned == 0)
    }

    @Test("What a mirror did not put there it does not remove") func othersStay() async throws {
        let fixture = try Fixture()
        try await fixture.add("nginx", "2.0.0")
        let foreign = PackedChart("nginx", "0.1.0")
        try await foreign.push(to: fixture.destination.registry, try RepositoryName(parsing: "mirror/nginx"))
        for _ in 0..<3 {
            _ = try await fixture.worker(try pruning(fixture)).run(.command)
            fixture.pass(days: 8)
        }
        #expect(try fixture.digest("mirror/nginx", "0.1.0") == foreign.manifest.digest)
    }

    @Test("A tag that somebody else took over is not removed") func takenOver() async throws {
        let fixture = try Fixture()
        try await fixture.add("nginx", "1.0.0")
        try await fixture.add("nginx", "2.0.0")
        _ = try await fixture.worker(fixture.rule()).run(.command)
        _ = try await fixture.worker(try pruning(fixture)).run(.command)
        let foreign = PackedChart("nginx", "1.0.0", files: [("a", "b")])
        try await foreign.push(to: fixture.destination.registry, try RepositoryName(parsing: "mirror/nginx"))
        fixture.pass(days: 8)
        let result = try await fixture.worker(try pruning(fixture)).run(.command)
        #expect(result.run.outcome == .failed)
        #expect(try fixture.digest("mirror/nginx", "1.0.0") == foreign.manifest.digest)
    }

    // MARK: Locks

    @Test("A locked run brings exactly what the lock says, and reports what differs") func locked() async throws {
        let fixture = try Fixture()
        try await fixture.add("nginx", "1.0.0")
        try await fixture.add("redis", "1.0.0")
        let plan = await fixture.worker(fixture.rule()).plan(wantsDigests: true)
        let lock = LockedMirror.of(plan).lock
        #expect(lock.references.count == 2)
        try await fixture.add("nginx", "1.1.0")
        try await fixture.add("redis", "1.0.0", files: [("values.yaml", "a: 2\n")])
        let result = try await fixture.worker(fixture.rule(), lock: lock).run(.command)
        #expect(result.run.outcome == .failed)
        #expect(result.failures.map(\.source) == ["oci://from.test/team/redis:1.0.0"])
        #expect(try fixture.digest("mirror/nginx", "1.0.0") != nil)
        #expect(try fixture.digest("mirror/nginx", "1.1.0") == nil)
        #expect(try fixture.digest("mirror/redis", "1.0.0") == nil)
        let verified = await fixture.worker(fixture.rule()).verify(lock, reads: true)
        #expect(verified.matching == 1)
        #expect(verified.failures.map(\.destination) == ["oci://to.test/mirror/redis:1.0.0"])
    }

    @Test("A locked run puts right what somebody else moved since, where listings tell no digests")
    func lockedAgain() async throws {
        let fixture = try Fixture()
        fixture.destination.change { $0.hidesDigests = true }
        let chart = try await fixture.add("nginx", "1.0.0")
        let lock = LockedMirror.of(await fixture.worker(fixture.rule()).plan(wantsDigests: true)).lock
        #expect(try await fixture.worker(fixture.rule(), lock: lock).run(.command).run.outcome == .succeeded)
        let foreign = PackedChart("nginx", "1.0.0", files: [("a", "b")])
        try await foreign.push(to: fixture.destination.registry, try RepositoryName(parsing: "mirror/nginx"))
        let result = try await fixture.worker(fixture.rule(), lock: lock).run(.command)
        #expect(result.run.outcome == .succeeded && result.run.counts.copied == 1)
        #expect(try fixture.digest("mirror/nginx", "1.0.0") == chart.manifest.digest)
    }
}
