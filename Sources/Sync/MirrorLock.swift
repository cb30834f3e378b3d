public import OCIModel

/// What mirrors are to bring, to the digest: written by a plan, read by a locked run and by a check.
public struct MirrorLock: Sendable, Equatable {
    /// The mirrors, by name.
    public var mirrors: [LockedMirror]

    /// Builds a lock.
    public init(mirrors: [LockedMirror]) {
        self.mirrors = mirrors
    }
}

/// One mirror in a lock.
public struct LockedMirror: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Where it comes from, as the rule has it.
    public var from: MirrorPlace
    /// Where it goes.
    public var to: MirrorPlace
    /// Every reference, in the plan's order.
    public var references: [LockedReference]

    /// Builds it.
    public init(name: String, from: MirrorPlace, to: MirrorPlace, references: [LockedReference]) {
        self.name = name
        self.from = from
        self.to = to
        self.references = references
    }
}

/// One reference in a lock.
public struct LockedReference: Sendable, Equatable {
    /// Where it comes from.
    public var from: MirrorPlace
    /// The repository there, in full.
    public var source: String
    /// The version or tag there.
    public var version: String
    /// What it names: a manifest, or an archive of a classic repository.
    public var digest: Digest
    /// Where it goes.
    public var to: MirrorPlace
    /// The repository there, in full.
    public var repository: RepositoryName
    /// The tag there.
    public var tag: Tag
    /// How it came to be in the lock.
    public var origin: ReferenceOrigin
    /// Whether a person has said that it is not wanted: it stays in the lock and is not mirrored.
    public var isExcluded: Bool

    /// Builds it.
    public init(
        from: MirrorPlace, source: String, version: String, digest: Digest, to: MirrorPlace,
        repository: RepositoryName, tag: Tag, origin: ReferenceOrigin, isExcluded: Bool = false
    ) {
        self.from = from
        self.source = source
        self.version = version
        self.digest = digest
        self.to = to
        self.repository = repository
        self.tag = tag
        self.origin = origin
        self.isExcluded = isExcluded
    }
}

extension LockedMirror {
    /// The lock of a plan whose digests were all asked for; what has none is given beside it.
    ///
    /// Candidates come last, excluded.
    /// - Parameter former: the lock before it, whose exclusions and confirmations stay.
    public static func of(
        _ plan: MirrorPlan, former: LockedMirror? = nil
    ) -> (lock: LockedMirror, unknown: [PlannedReference]) {
        var lock = LockedMirror(name: plan.mirror, from: plan.from, to: plan.to, references: [])
        var unknown: [PlannedReference] = []
        let former = Dictionary(
            (former?.references ?? []).map { (LockedSource($0), $0.isExcluded) }
        ) { first, _ in first }
        for item in plan.items where item.origin != .formerly {
            guard let digest = item.sourceDigest else {
                unknown.append(item)
                continue
            }
            let source = LockedSource(from: item.from, source: item.source, version: item.version)
            lock.references.append(
                LockedReference(
                    from: item.from, source: item.source, version: item.version, digest: digest, to: item.to,
                    repository: item.repository, tag: item.tag, origin: item.origin,
                    isExcluded: former[source] ?? false))
        }
        for candidate in plan.candidates {
            guard let digest = candidate.version.digest else { continue }
            // Nobody has said yet that it is wanted.
            let source = LockedSource(
                from: candidate.from, source: candidate.source, version: candidate.version.text)
            lock.references.append(
                LockedReference(
                    from: candidate.from, source: candidate.source, version: candidate.version.text, digest: digest,
                    to: candidate.to, repository: candidate.repository, tag: candidate.version.tag,
                    origin: candidate.origin, isExcluded: former[source] ?? true))
        }
        return (lock, unknown)
    }
}

/// What a locked reference is told apart by at the source.
private struct LockedSource: Hashable {
    let from: MirrorPlace
    let source: String
    let version: String

    init(from: MirrorPlace, source: String, version: String) {
        self.from = from
        self.source = source
        self.version = version
    }

    init(_ reference: LockedReference) {
        self.init(from: reference.from, source: reference.source, version: reference.version)
    }
}
