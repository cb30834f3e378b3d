import Content
import Metadata
import OCIModel
import Posix
import SQLite
import Synchronization
import TestSupport
import Testing

/// A data directory with a ledger, and a clock that stands still.
private final class LedgerFixture {
    let scratch: ScratchDirectory
    let clock = Clock()
    private(set) var ledger: MirrorDatabase

    final class Clock: Sendable {
        let time = Mutex<Int64>(1_000_000_000_000)
        func advance(by microseconds: Int64) { time.withLock { $0 += microseconds } }
    }

    init() throws {
        scratch = try (try? ScratchDirectory(below: "/dev/shm")) ?? ScratchDirectory()
        let clock = clock
        ledger = try MirrorDatabase(in: scratch.path, now: { clock.time.withLock { $0 } })
    }

    /// Another process's view.
    func another() throws -> MirrorDatabase {
        let clock = clock
        return try MirrorDatabase(in: scratch.path, now: { clock.time.withLock { $0 } })
    }

    /// What a killed process leaves: its file, and no lock.
    func kill() throws { ledger = try another() }

    var raw: Connection { get throws { try Connection(path: scratch.path + "/mirrors.sqlite", .readWrite) } }
}

private func failed(_ number: Int) -> MirrorFailure {
    MirrorFailure(source: "hub/a:\(number)", destination: "b:\(number)", side: .source, reason: "gone", hint: "wait")
}

private func reference(_ repository: String, _ tag: String, seenAt: Int64 = 1) throws -> MirroredReference {
    MirroredReference(
        repository: try RepositoryName(parsing: repository), tag: try Tag(parsing: tag),
        sourceDigest: Digest(of: Array("s\(tag)".utf8)), digest: Digest(of: Array(tag.utf8)), seenAt: seenAt)
}

@Suite struct MirrorRunTests {
    private let fixture: LedgerFixture
    private var ledger: MirrorDatabase { fixture.ledger }

    init() throws { fixture = try LedgerFixture() }

    @Test("A run is found with all it did and all that failed, by this process and the next") func whole() throws {
        var run = try ledger.beginRun(of: "apps", .schedule, at: 5)
        #expect(run.outcome == .running && run.startedAt == 5 && run.endedAt == nil)
        run.counts.selected = 1
        run.counts.copied = 2
        run.counts.retagged = 3
        run.counts.left = 4
        run.counts.marked = 5
        run.counts.pruned = 6
        run.counts.failed = 7
        run.counts.blobs = 8
        run.counts.bytes = 9
        run.counts.mounted = 10
        run.counts.sourceRequests = 11
        run.counts.destinationRequests = 12
        try ledger.noteProgress(run)
        #expect(try fixture.another().run(run.id) == run)
        run.outcome = .failed
        run.endedAt = 9
        run.message = "the source did not answer"
        try ledger.endRun(run, [failed(2), failed(1)])
        for view in [ledger, try fixture.another()] {
            #expect(try view.run(run.id) == run)
            #expect(try view.runs(of: nil, before: nil, limit: 5) == [run])
            #expect(try view.failures(of: run.id) == [failed(2), failed(1)])
        }
        #expect(try ledger.run(run.id + 1) == nil)
        #expect(try ledger.failures(of: run.id + 1).isEmpty)
    }

    @Test("One mirror runs once at a time, whoever asks; another mirror runs beside it") func exclusive() throws {
        var run = try ledger.beginRun(of: "apps", .command, at: 1)
        let other = try fixture.another()
        for asked in [ledger, other] {
            #expect(failure { _ = try asked.beginRun(of: "apps", .api, at: 2) } == "conflict")
        }
        _ = try other.beginRun(of: "tools", .api, at: 2)
        run.outcome = .succeeded
        try ledger.endRun(run, [])
        let next = try other.beginRun(of: "apps", .api, at: 3)
        #expect(next.id > run.id)
        // The end of a run that is over gives nobody's lock away.
        try ledger.endRun(run, [])
        #expect(failure { _ = try ledger.beginRun(of: "apps", .api, at: 4) } == "conflict")
    }

    @Test("The run of a killed process reads as interrupted, and the next can begin") func killed() throws {
        let run = try ledger.beginRun(of: "apps", .command, at: 1)
        let other = try fixture.another()
        #expect(try other.run(run.id)?.outcome == .running)
        #expect(try other.runs(of: "apps", before: nil, limit: 1).map(\.outcome) == [.running])
        try fixture.kill()
        #expect(try other.run(run.id)?.outcome == .interrupted)
        #expect(try other.runs(of: "apps", before: nil, limit: 1).map(\.outcome) == [.interrupted])
        let next = try other.beginRun(of: "apps", .command, at: 2)
        #expect(try other.runs(of: "apps", before: nil, limit: 9).map(\.outcome) == [.running, .interrupted])
        #expect(try fixture.ledger.run(next.id)?.outcome == .running)
    }

    @Test("Looking at runs never keeps one from beginning") func looking() async throws {
        let run = try ledger.beginRun(of: "apps", .command, at: 1)
        try fixture.kill()
        let (looker, runner) = (try fixture.another(), try fixture.another())
        let isOver = Mutex(false)
        let looking = Task.detached {
            while !isOver.withLock({ $0 }) { _ = try looker.run(run.id) }
        }
        for time in 0..<50 {
            var run = try runner.beginRun(of: "apps", .command, at: Int64(time))
            run.outcome = .succeeded
            try runner.endRun(run, [])
        }
        isOver.withLock { $0 = true }
        try await looking.value
    }

    @Test("Runs are paged from the latest, of one mirror or of all") func pages() throws {
        for number in 0..<6 {
            var run = try ledger.beginRun(of: number % 2 == 0 ? "even" : "odd", .command, at: Int64(number))
            run.outcome = .succeeded
            try ledger.endRun(run, [])
        }
        #expect(try ledger.runs(of: nil, before: nil, limit: 4).map(\.startedAt) == [5, 4, 3, 2])
        let last = try #require(try ledger.runs(of: "even", before: nil, limit: 2).last)
        #expect(last.startedAt == 2)
        #expect(try ledger.runs(of: "even", before: last.id, limit: 9).map(\.startedAt) == [0])
        #expect(try ledger.runs(of: "none", before: nil, limit: 9).isEmpty)
    }

    @Test("A thousand runs of a mirror are kept, and what failed in the last hundred") func retention() throws {
        var first: MirrorRun?
        for number in 0..<1_003 {
            var run = try ledger.beginRun(of: "apps", .command, at: Int64(number))
            first = first ?? run
            run.outcome = .failed
            try ledger.endRun(run, [failed(number)])
        }
        let runs = try ledger.runs(of: "apps", before: nil, limit: 5_000)
        #expect(runs.map(\.startedAt) == (3..<1_003).reversed().map { Int64($0) })
        #expect(try ledger.failures(of: runs[99].id) == [failed(903)])
        #expect(try ledger.failures(of: runs[100].id).isEmpty)
        #expect(try ledger.run(try #require(first).id) == nil)
    }

    @Test("Ten thousand failures of a run are kept, each within bounds") func manyFailures() throws {
        let run = try ledger.beginRun(of: "apps", .command, at: 1)
        var long = failed(0)
        long.reason = String(repeating: "é", count: 100_000)
        try ledger.endRun(run, [long] + (1..<10_005).map { failed($0) })
        let kept = try ledger.failures(of: run.id)
        #expect(kept.count == 10_000)
        #expect(kept.last == failed(9_999))
        #expect(kept[0].reason.utf8.count <= 2_051)
    }

    @Test("A name that is no file's is refused", arguments: ["", "a/b", "../x", "a b", "ä"]) func names(
        _ name: String
    ) throws {
        #expect(failure { _ = try ledger.beginRun(of: name, .command, at: 1) } == "parameterInvalid")
    }
}

@Suite struct MirrorMemoryTests {
    private let fixture: LedgerFixture
    private var ledger: MirrorDatabase { fixture.ledger }

    init() throws { fixture = try LedgerFixture() }

    @Test("References are kept by mirror, place, repository and tag") func references() throws {
        let manifest = StoredManifest(digest: Digest(of: [1]), mediaType: .ociIndex, bytes: [1])
        var removed = try reference("b", "1")
        removed.digest = manifest.digest
        removed.markedAt = 2
        removed.removedAt = 3
        removed.manifest = manifest
        var bare = try reference("a", "9")
        bare.digest = nil
        bare.sourceDigest = nil
        let noted = [removed, try reference("a", "10"), bare]
        try ledger.note(noted, of: "m", at: "here")
        try ledger.note([try reference("z", "1")], of: "m", at: "there")
        try ledger.note([try reference("y", "1")], of: "n", at: "here")
        #expect(try fixture.another().references(of: "m", at: "here") == [noted[1], bare, removed])
        let again = try reference("b", "1", seenAt: 77)
        try ledger.note([again], of: "m", at: "here")
        #expect(try ledger.references(of: "m", at: "here").last == again)
        try ledger.forget([(again.repository, again.tag), (again.repository, bare.tag)], of: "m", at: "here")
        #expect(try ledger.references(of: "m", at: "here") == [noted[1], bare])
        #expect(try ledger.references(of: "m", at: "there").count == 1)
        #expect(try ledger.references(of: "n", at: "here").count == 1)
    }

    @Test("A manifest that is not the one it was given is not kept for an undo") func wrongManifest() throws {
        var wrong = try reference("b", "1")
        wrong.manifest = StoredManifest(digest: Digest(of: [1]), mediaType: .ociIndex, bytes: [1])
        let noted = wrong
        #expect(failure { try ledger.note([noted], of: "m", at: "here") } == "parameterInvalid")
    }

    @Test("Who else holds a tag is told, but not who has removed it") func others() throws {
        let one = try reference("a", "1")
        var gone = one
        gone.removedAt = 5
        for mirror in ["c", "b", "me"] { try ledger.note([one], of: mirror, at: "here") }
        try ledger.note([gone], of: "was", at: "here")
        try ledger.note([one], of: "far", at: "there")
        #expect(try ledger.otherMirrors(than: "me", at: "here", one.repository, one.tag) == ["b", "c"])
        #expect(try ledger.otherMirrors(than: "me", at: "here", one.repository, try Tag(parsing: "2")).isEmpty)
    }

    @Test("A listing is remembered as it was, until a new one or 90 days later another") func listings() throws {
        let listing = RememberedListing(
            entityTag: "\"x\"", lastModified: "then", content: Digest(of: [3]), body: [1, 0, 2])
        try ledger.keep(listing, of: "hub", "tags a")
        #expect(try fixture.another().listing(of: "hub", "tags a") == listing)
        #expect(try ledger.listing(of: "hub", "tags b") == nil)
        #expect(try ledger.listing(of: "other", "tags a") == nil)
        let bare = RememberedListing(entityTag: nil, body: [])
        try ledger.keep(bare, of: "hub", "tags a")
        #expect(try ledger.listing(of: "hub", "tags a") == bare)
        fixture.clock.advance(by: 91 * 86_400_000_000)
        try ledger.keep(listing, of: "hub", "tags b")
        #expect(try ledger.listing(of: "hub", "tags a") == nil)
        #expect(try ledger.listing(of: "hub", "tags b") == listing)
        let large = RememberedListing(entityTag: nil, body: [UInt8](repeating: 0, count: (64 << 20) + 1))
        #expect(failure { try ledger.keep(large, of: "hub", "tags c") } == "tooLarge")
    }

    @Test("An upload session is remembered for a day, or until it is over") func sessions() throws {
        let (repository, digest) = (try RepositoryName(parsing: "a"), Digest(of: [1]))
        try ledger.note(session: "one", at: "here", repository, digest)
        try ledger.note(session: "two", at: "here", repository, digest)
        #expect(try fixture.another().session(at: "here", repository, digest) == "two")
        #expect(try ledger.session(at: "there", repository, digest) == nil)
        try ledger.note(session: nil, at: "here", repository, digest)
        #expect(try ledger.session(at: "here", repository, digest) == nil)
        try ledger.note(session: "three", at: "here", repository, digest)
        fixture.clock.advance(by: 86_400_000_001)
        #expect(try ledger.session(at: "here", repository, digest) == nil)
        try ledger.note(session: "four", at: "there", repository, digest)
        let left = try fixture.raw.first("SELECT count(*) FROM sessions") { row throws(SQLiteError) in row.integer(0) }
        #expect(left == 1)
    }

    @Test("When a mirror was last due is remembered") func due() throws {
        #expect(try ledger.lastDue(of: "m") == nil)
        try ledger.noteDue(of: "m", at: 7)
        try ledger.noteDue(of: "m", at: 8)
        #expect(try fixture.another().lastDue(of: "m") == 8)
        #expect(try ledger.lastDue(of: "n") == nil)
    }
}
