import Content
import OCIModel
import Sync
import Synchronization

/// A ledger that fails as a test says.
final class FaultyLedger: MirrorLedger {
    private struct State {
        var count = 0
        var calls: [String] = []
    }

    private let ledger: any MirrorLedger
    private let state = Mutex(State())
    /// Whether a call fails: by its name and how many came before it.
    private let fails: @Sendable (String, Int) -> Bool

    var count: Int { state.withLock { $0.count } }
    var calls: [String] { state.withLock { $0.calls } }

    init(_ ledger: any MirrorLedger, fails: @escaping @Sendable (String, Int) -> Bool) {
        self.ledger = ledger
        self.fails = fails
    }

    private func begin(_ call: String) throws(ContentError) {
        let before = state.withLock { state in
            defer { state.count += 1 }
            state.calls.append(call)
            return state.count
        }
        if fails(call, before) { throw .storageFull("no space left for the ledger") }
    }

    func beginRun(of mirror: String, _ trigger: MirrorTrigger, at time: Int64) throws(ContentError) -> MirrorRun {
        try begin("beginRun")
        return try ledger.beginRun(of: mirror, trigger, at: time)
    }
    func noteProgress(_ run: MirrorRun) throws(ContentError) {
        try begin("noteProgress")
        try ledger.noteProgress(run)
    }
    func endRun(_ run: MirrorRun, _ failures: [MirrorFailure]) throws(ContentError) {
        try begin("endRun")
        try ledger.endRun(run, failures)
    }
    func runs(of mirror: String?, before last: Int64?, limit: Int) throws(ContentError) -> [MirrorRun] {
        try ledger.runs(of: mirror, before: last, limit: limit)
    }
    func run(_ id: Int64) throws(ContentError) -> MirrorRun? { try ledger.run(id) }
    func failures(of run: Int64) throws(ContentError) -> [MirrorFailure] { try ledger.failures(of: run) }
    func references(of mirror: String, at place: String) throws(ContentError) -> [MirroredReference] {
        try begin("references")
        return try ledger.references(of: mirror, at: place)
    }
    func note(_ references: [MirroredReference], of mirror: String, at place: String) throws(ContentError) {
        try begin("note")
        try ledger.note(references, of: mirror, at: place)
    }
    func forget(_ references: [(RepositoryName, Tag)], of mirror: String, at place: String) throws(ContentError) {
        try begin("forget")
        try ledger.forget(references, of: mirror, at: place)
    }
    func otherMirrors(than mirror: String, at place: String, _ repository: RepositoryName, _ tag: Tag)
        throws(ContentError) -> [String]
    {
        try begin("otherMirrors")
        return try ledger.otherMirrors(than: mirror, at: place, repository, tag)
    }
    func listing(of place: String, _ key: String) throws(ContentError) -> RememberedListing? {
        try begin("listing")
        return try ledger.listing(of: place, key)
    }
    func keep(_ listing: RememberedListing, of place: String, _ key: String) throws(ContentError) {
        try begin("keep")
        try ledger.keep(listing, of: place, key)
    }
    func session(at place: String, _ repository: RepositoryName, _ digest: Digest) throws(ContentError) -> String? {
        try begin("session")
        return try ledger.session(at: place, repository, digest)
    }
    func note(session: String?, at place: String, _ repository: RepositoryName, _ digest: Digest) throws(ContentError) {
        try begin("noteSession")
        try ledger.note(session: session, at: place, repository, digest)
    }
    func lastDue(of mirror: String) throws(ContentError) -> Int64? { try ledger.lastDue(of: mirror) }
    func noteDue(of mirror: String, at time: Int64) throws(ContentError) { try ledger.noteDue(of: mirror, at: time) }
}
