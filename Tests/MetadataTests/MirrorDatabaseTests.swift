import Content
import Glibc
import OCIModel
import Posix
import SQLite
import TestSupport
import Testing

@testable import Metadata

@Suite struct MirrorDatabaseTests {
    private let scratch: ScratchDirectory
    private var path: String { scratch.path + "/mirrors.sqlite" }

    init() throws { scratch = try ScratchDirectory() }

    private func reference(_ number: Int) throws -> MirroredReference {
        MirroredReference(
            repository: try RepositoryName(parsing: "r"), tag: try Tag(parsing: "t\(number)"),
            sourceDigest: Digest(of: [1]), digest: Digest(of: [2]), seenAt: 1)
    }

    /// Every function of the ledger, on a mirror with so many of everything.
    private func useAll(_ ledger: MirrorDatabase, _ count: Int) throws {
        let repository = try RepositoryName(parsing: "r")
        for mirror in ["m", "n"] {
            try ledger.note(try (0..<count).map(reference), of: mirror, at: "here")
            for number in 0..<count {
                var run = try ledger.beginRun(of: mirror, .command, at: Int64(number))
                try ledger.noteProgress(run)
                _ = try ledger.runs(of: mirror, before: nil, limit: 3)
                run.outcome = .succeeded
                try ledger.endRun(
                    run, [MirrorFailure(source: "", destination: "", side: .source, reason: "", hint: "")])
                _ = try ledger.run(run.id)
                _ = try ledger.failures(of: run.id)
            }
            for last in [nil, 3] as [Int64?] { _ = try ledger.runs(of: nil, before: last, limit: 3) }
            _ = try ledger.references(of: mirror, at: "here")
            _ = try ledger.otherMirrors(than: mirror, at: "here", repository, try Tag(parsing: "t0"))
            try ledger.forget([(repository, try Tag(parsing: "t1"))], of: mirror, at: "here")
        }
        for number in 0..<count {
            let digest = Digest(of: Array("\(number)".utf8))
            try ledger.keep(RememberedListing(entityTag: nil, body: [1]), of: "here", "\(number)")
            _ = try ledger.listing(of: "here", "\(number)")
            try ledger.note(session: "s", at: "here", repository, digest)
            _ = try ledger.session(at: "here", repository, digest)
            try ledger.noteDue(of: "m\(number)", at: 1)
            _ = try ledger.lastDue(of: "m\(number)")
        }
        try ledger.note(session: nil, at: "here", repository, Digest(of: Array("0".utf8)))
    }

    private func plans(_ ledger: MirrorDatabase) throws -> [StatementPlan] {
        let box = Plans()
        try ledger.read { sql throws(ContentError) in
            do throws(SQLiteError) { box.take(try sql.connection.takePlans()) } catch { throw SQL.error(error) }
        }
        return box.plans
    }

    @Test("Every statement of the ledger follows an index") func indexed() throws {
        let ledger = try MirrorDatabase(in: scratch.path)
        try useAll(ledger, 4)
        let plans = try plans(ledger)
        #expect(plans.count > 24)
        for plan in plans { #expect(!plan.grows, "\(plan.sql)\n\(plan.lines.joined(separator: "\n"))") }
        #expect(plans.contains { $0.lines.contains { $0.contains("SEARCH") } })
    }

    @Test("The file is the owner's and his group's, is marked, and a newer one is refused") func opening() throws {
        do {
            _ = try MirrorDatabase(in: scratch.path)
            let connection = try Connection(path: path, .readWrite)
            #expect(try connection.schemaVersion() == 1)
            let mark = try connection.first("PRAGMA application_id") { row throws(SQLiteError) in row.integer(0) }
            #expect(mark == 0x4348_4D52)
            try connection.execute("PRAGMA user_version = 99")
        }
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o007 == 0)
        do {
            _ = try MirrorDatabase(in: scratch.path)
            Issue.record("it was opened")
        } catch {
            #expect(kind(error) == "internal")
            #expect(error.message.contains("use a newer chartroom"))
        }
    }

    @Test("A file that is no ledger is damage, and left as it is") func damaged() throws {
        try scratch.write("mirrors.sqlite", String(repeating: "no database ", count: 500))
        #expect(failure { _ = try MirrorDatabase(in: scratch.path) } == "corrupt")
    }

    @Test("Processes that make the ledger at a time make one") func together() async throws {
        let directory = scratch.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { try MirrorDatabase(in: directory).noteDue(of: "m\(number)", at: Int64(number)) }
            }
            try await group.waitForAll()
        }
        let ledger = try MirrorDatabase(in: directory)
        for number in 0..<8 { #expect(try ledger.lastDue(of: "m\(number)") == Int64(number)) }
    }

    @Test("A full disk is told as one, nothing is half done, and the run's lock is given back") func fullDisk() throws {
        let ledger = try MirrorDatabase(in: scratch.path)
        var run = try ledger.beginRun(of: "m", .command, at: 1)
        try limit(ledger, pages: 40)
        let many = try (0..<5_000).map(reference)
        #expect(failure { try ledger.note(many, of: "m", at: "here") } == "storageFull")
        #expect(try ledger.references(of: "m", at: "here").isEmpty)
        let failures = (0..<9_000).map {
            MirrorFailure(source: "s\($0)", destination: "d", side: .destination, reason: "full", hint: "")
        }
        run.outcome = .failed
        let ended = run
        #expect(failure { try ledger.endRun(ended, failures) } == "storageFull")
        #expect(try ledger.run(run.id)?.outcome == .interrupted)
        try limit(ledger, pages: 100_000)
        try ledger.endRun(ended, failures)
        #expect(try ledger.run(run.id)?.outcome == .failed)
        #expect(try ledger.failures(of: run.id).count == 9_000)
        _ = try ledger.beginRun(of: "m", .command, at: 2)
    }

    private func limit(_ ledger: MirrorDatabase, pages: Int) throws {
        try ledger.read { sql throws(ContentError) in
            do throws(SQLiteError) {
                try sql.connection.execute("PRAGMA max_page_count = \(pages)")
            } catch {
                throw SQL.error(error)
            }
        }
    }
}

/// Takes plans out of a lock.
private final class Plans: @unchecked Sendable {
    // Unchecked: written once, before anybody reads.
    var plans: [StatementPlan] = []
    func take(_ plans: [StatementPlan]) { self.plans = plans }
}
