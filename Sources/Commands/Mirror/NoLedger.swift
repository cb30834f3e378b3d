import Content
import OCIModel

/// Remembers nothing: for copies that are made once.
struct NoLedger: MirrorLedger {
    func beginRun(of mirror: String, _ trigger: MirrorTrigger, at time: Int64) throws(ContentError) -> MirrorRun {
        MirrorRun(id: 0, mirror: mirror, trigger: trigger, startedAt: time)
    }

    func noteProgress(_ run: MirrorRun) throws(ContentError) {}
    func endRun(_ run: MirrorRun, _ failures: [MirrorFailure]) throws(ContentError) {}
    func runs(of mirror: String?, before last: Int64?, limit: Int) throws(ContentError) -> [MirrorRun] { [] }
    func run(_ id: Int64) throws(ContentError) -> MirrorRun? { nil }
    func failures(of run: Int64) throws(ContentError) -> [MirrorFailure] { [] }
    func references(of mirror: String, at place: String) throws(ContentError) -> [MirroredReference] { [] }
    func note(_ references: [MirroredReference], of mirror: String, at place: String) throws(ContentError) {}
    func forget(_ references: [(RepositoryName, Tag)], of mirror: String, at place: String) throws(ContentError) {}

    func otherMirrors(than mirror: String, at place: String, _ repository: RepositoryName, _ tag: Tag)
        throws(ContentError) -> [String]
    { [] }

    func listing(of place: String, _ key: String) throws(ContentError) -> RememberedListing? { nil }
    func keep(_ listing: RememberedListing, of place: String, _ key: String) throws(ContentError) {}
    func session(at place: String, _ repository: RepositoryName, _ digest: Digest) throws(ContentError) -> String? {
        nil
    }

    func note(session: String?, at place: String, _ repository: RepositoryName, _ digest: Digest)
        throws(ContentError)
    {}

    func lastDue(of mirror: String) throws(ContentError) -> Int64? { nil }
    func noteDue(of mirror: String, at time: Int64) throws(ContentError) {}
}
