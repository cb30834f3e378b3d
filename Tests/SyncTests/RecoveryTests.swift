import Content
import Metadata
import OCIModel
import Sync
import Synchronization
import TestSupport
import Testing
import Transfer

@Suite struct RecoveryTests {
    private func filled() async throws -> Fixture {
        let fixture = try Fixture()
        for name in ["nginx", "redis"] {
            for version in ["1.0.0", "2.0.0"] { try await fixture.add(name, version) }
        }
        return fixture
    }

    /// Moments of a run: the first ones, then ever fewer.
    private static let moments = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 26, 1000]

    private func worker(_ fixture: Fixture, _ rule: MirrorRule, _ ledger: any MirrorLedger) -> MirrorWorker {
        var options = MirrorOptions(now: { fixture.clock.withLock { $0 } })
        options.spoolDirectory = fixture.scratch.path
        return MirrorWorker(rule, ends: fixture.ends, ledger: ledger, options)
    }

    // MARK: Cancellation

    @Test("A run cancelled at any request shows nothing partial, and the next completes it") func cancelled()
        async throws
    {
        for position in RecoveryTests.moments {
            let fixture = try await filled()
            let running = Mutex<Task<MirrorResult?, Never>?>(nil)
            let count = Mutex(0)
            let hook: @Sendable (String) async throws(ContentError) -> Void = { _ in
                let isIt = count.withLock { count in
                    count += 1
                    return count == position
                }
                guard isIt else { return }
                while running.withLock({ $0 }) == nil { await Task.yield() }
                running.withLock { $0?.cancel() }
            }
            for end in [fixture.source, fixture.destination] { end.change { $0.before = hook } }
            let worker = fixture.worker(fixture.rule { $0.concurrency = 2 })
            let task = Task { try? await worker.run(.command) }
            running.withLock { $0 = task }
            let result = try #require(await task.value)
            try await fixture.checkDestination()
            let hasFired = count.withLock { $0 } >= position
            #expect(result.run.outcome == (hasFired ? .cancelled : .succeeded))
            if hasFired { #expect(result.failures.isEmpty) }
            for end in [fixture.source, fixture.destination] { end.change { $0.before = nil } }
            let next = try await worker.run(.command)
            #expect(next.run.outcome == .succeeded)
            #expect(next.run.counts.copied + next.run.counts.left + next.run.counts.retagged == 4)
            guard hasFired else { break }
        }
    }

    // MARK: Processes that die, ledgers that fail

    @Test("A process that died at any call of its ledger is seen as interrupted, and the next run goes on")
    func killed() async throws {
        for position in RecoveryTests.moments {
            let fixture = try await filled()
            let isDead = Mutex(false)
            let end: @Sendable (String) async throws(ContentError) -> Void = { (_) throws(ContentError) in
                if isDead.withLock({ $0 }) { throw .unavailable("nobody is there any more") }
            }
            var doomed: FaultyLedger? = FaultyLedger(try MirrorDatabase(in: fixture.scratch.path)) { _, count in
                isDead.withLock { isDead in
                    isDead = isDead || count >= position
                    return isDead
                }
            }
            for scripted in [fixture.source, fixture.destination] { scripted.change { $0.before = end } }
            if let doomed { _ = try? await worker(fixture, fixture.rule(), doomed).run(.command) }
            doomed = nil
            try await fixture.checkDestination()
            let hasDied = isDead.withLock { $0 }
            for scripted in [fixture.source, fixture.destination] { scripted.change { $0.before = nil } }
            let next = try await fixture.worker(fixture.rule()).run(.command)
            #expect(next.run.outcome == .succeeded)
            let former = try fixture.ledger.runs(of: "m", before: next.run.id, limit: 10).map(\.outcome)
            #expect(former == [hasDied ? .interrupted : .succeeded])
            #expect(try await fixture.worker(fixture.rule()).run(.command).run.counts.left == 4)
            guard hasDied else { break }
        }
    }

    @Test("A ledger that takes no listing costs a question, and nothing fails") func noListings() async throws {
        let fixture = try await filled()
        fixture.source.change { $0.givesEntityTags = true }
        let ledger = FaultyLedger(fixture.ledger) { call, _ in call == "keep" || call == "listing" }
        for _ in 0..<2 {
            #expect(try await worker(fixture, fixture.rule(), ledger).run(.command).run.outcome == .succeeded)
        }
        #expect(ledger.calls.contains("keep"))
    }

    @Test("A ledger that cannot note what was done says so, and nothing at the destination is lost")
    func noNotes() async throws {
        let fixture = try await filled()
        let ledger = FaultyLedger(fixture.ledger) { call, _ in call == "note" }
        let result = try await worker(fixture, fixture.rule(), ledger).run(.command)
        #expect(result.run.outcome == .failed)
        #expect(result.run.counts.copied == 4)
        #expect(result.failures.count == 1)
        #expect(result.failures.first?.reason.contains("no space left for the ledger") == true)
        try await fixture.checkDestination()
        #expect(try await fixture.worker(fixture.rule()).run(.command).run.counts.left == 4)
    }

    @Test("A ledger that fails for a moment is written to again before the run ends") func momentaryFailure()
        async throws
    {
        let fixture = try await filled()
        let hasFailed = Mutex(false)
        let ledger = FaultyLedger(fixture.ledger) { call, _ in
            guard call == "note" else { return false }
            return hasFailed.withLock { hasFailed in
                defer { hasFailed = true }
                return !hasFailed
            }
        }
        #expect(try await worker(fixture, fixture.rule(), ledger).run(.command).run.outcome == .succeeded)
        #expect(try fixture.ledger.references(of: "m", at: "oci://to.test").count == 4)
    }

    @Test("A copy that was never noted is not taken for somebody else's work") func unnoted() async throws {
        let fixture = try await filled()
        let rule = fixture.rule()
        _ = try await fixture.worker(rule).run(.command)
        let moved = try await fixture.add("nginx", "1.0.0", files: [("values.yaml", "a: 1\n")])
        let ledger = FaultyLedger(fixture.ledger) { call, _ in call == "note" }
        _ = try await worker(fixture, rule, ledger).run(.command)
        // The next run sees that it is right, and writes that down.
        #expect(try await fixture.worker(rule).run(.command).run.counts.left == 4)
        let pruning = try fixture.rule {
            $0.versions.constraint = try ChartConstraint(parsing: ">=2")
            $0.prune = PruneRule()
            $0.prune?.maximumPercent = 100
        }
        _ = try await fixture.worker(pruning).run(.command)
        fixture.pass(days: 8)
        let pruned = try await fixture.worker(pruning).run(.command)
        #expect(pruned.failures.isEmpty)
        #expect(pruned.run.counts.pruned == 2)
        #expect(try fixture.digest("mirror/nginx", "1.0.0") != moved.manifest.digest)
    }

    // MARK: One platform of several

    @Test("An image of one platform follows its index when that moves, also where listings give no digests")
    func platforms() async throws {
        let fixture = try Fixture()
        for end in [fixture.source, fixture.destination] { end.change { $0.hidesDigests = true } }
        let name = try RepositoryName(parsing: "team/app")
        let tag = try Tag(parsing: "1.0.0")
        var rule = fixture.rule()
        rule.platforms = [Platform("linux/amd64")].compactMap { $0 }
        for text in ["first", "second"] {
            let image = PackedChart("app", "1.0.0", files: [("values.yaml", "a: \(text)\n")])
            try await image.push(to: fixture.source.registry, name, tags: [])
            let json = JSONValue.object([
                ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociIndex.description)),
                (
                    "manifests",
                    .array([
                        .object([
                            ("mediaType", .string(image.manifest.mediaType.description)),
                            ("digest", .string(image.manifest.digest.description)),
                            ("size", .integer(Int64(image.manifest.bytes.count))),
                            ("platform", .object([("os", .string("linux")), ("architecture", .string("amd64"))])),
                        ])
                    ])
                ),
            ])
            let bytes = json.text(.go)
            let index = StoredManifest(digest: Digest(of: bytes), mediaType: .ociIndex, bytes: bytes)
            try await fixture.source.registry.putManifest(index, tags: [tag], in: name)
            let result = try await fixture.worker(rule).run(.command)
            #expect(result.run.counts.copied == 1)
            #expect(try fixture.digest("mirror/app", "1.0.0") == image.manifest.digest)
            #expect(try await fixture.worker(rule).run(.command).run.counts.left == 1)
        }
    }
}
