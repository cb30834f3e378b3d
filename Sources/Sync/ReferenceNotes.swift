internal import Content
internal import OCIModel

/// Writes down what was put where, many references at a time.
///
/// What is lost when the process dies is asked for again by the next run, and no more.
actor ReferenceNotes {
    private let desk: LedgerDesk
    private let mirror: String
    private let now: @Sendable () -> Int64
    private var waiting: [MirrorPlace: [MirroredReference]] = [:]
    private var count = 0
    private var failure: ContentError?
    /// What could not be written; tried once more at the end.
    private var lost: [MirrorPlace: [MirroredReference]] = [:]
    /// What indexes name, asked for while references are removed.
    private var children: [Digest: [Digest]] = [:]
    private static let keptChildren = 10_000
    private static let batch = 100

    init(desk: LedgerDesk, mirror: String, now: @escaping @Sendable () -> Int64) {
        self.desk = desk
        self.mirror = mirror
        self.now = now
    }

    /// A reference that was as it should be.
    func seen(_ item: PlannedReference) async {
        await add(item, source: item.sourceDigest, digest: item.digest)
    }

    /// A reference that was put there.
    func put(_ item: PlannedReference, source: Digest?, digest: Digest?) async {
        await add(item, source: source, digest: digest)
    }

    /// A reference that is marked for removal.
    func mark(_ item: PlannedReference) async {
        await add(item, source: item.sourceDigest, digest: item.digest, markedAt: now())
    }

    /// A reference that is about to be removed, with what brings it back.
    func removing(_ item: PlannedReference, _ manifest: StoredManifest?) async throws(ContentError) {
        await flush()
        var reference = reference(item, item.sourceDigest, manifest?.digest ?? item.digest)
        reference.markedAt = now()
        reference.removedAt = now()
        reference.manifest = manifest
        let (mirror, place, noted) = (mirror, item.to.root.description, reference)
        try await desk.ask { ledger throws(ContentError) in try ledger.note([noted], of: mirror, at: place) }
    }

    /// The manifests that a manifest names, as noted before.
    func children(of digest: Digest) -> [Digest]? { children[digest] }

    /// Takes note of the manifests that a manifest names.
    func note(_ named: [Digest], of digest: Digest) {
        if children.count >= ReferenceNotes.keptChildren { children = [:] }
        children[digest] = named
    }

    /// Writes what waits; gives why something could not be written, if so.
    func finish() async -> MirrorFailure? {
        await flush()
        if !lost.isEmpty {
            (waiting, lost, failure) = (lost, [:], nil)
            await flush()
        }
        return failure.map {
            MirrorFailure(
                source: "", destination: "", side: .destination, reason: "what was done cannot be written down: \($0)",
                hint: "the next run asks for more than it would have to")
        }
    }

    private func add(
        _ item: PlannedReference, source: Digest?, digest: Digest?, markedAt: Int64? = nil
    ) async {
        var reference = reference(item, source, digest)
        reference.markedAt = markedAt
        waiting[item.to.root, default: []].append(reference)
        count += 1
        if count >= ReferenceNotes.batch { await flush() }
    }

    private func reference(_ item: PlannedReference, _ source: Digest?, _ digest: Digest?) -> MirroredReference {
        MirroredReference(
            repository: item.repository, tag: item.tag, sourceDigest: source, digest: digest, seenAt: now())
    }

    private func flush() async {
        let taken = waiting
        waiting = [:]
        count = 0
        let mirror = mirror
        for (place, references) in taken {
            let name = place.description
            do throws(ContentError) {
                try await desk.ask { ledger throws(ContentError) in try ledger.note(references, of: mirror, at: name) }
            } catch {
                failure = error
                lost[place, default: []] += references
            }
        }
    }
}
