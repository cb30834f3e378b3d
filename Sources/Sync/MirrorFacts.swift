public import Content
public import OCIModel

/// What is known before a plan is made: selected references, and what the destination and the ledger say of each.
public struct MirrorFacts: Sendable, Equatable {
    /// Everything selected.
    public var references: [SelectedReference] = []
    /// Images that charts name with too little confidence: not selected, listed in a lock for people to decide.
    public var candidates: [SelectedReference] = []
    /// The charts that images are brought for.
    public var charts: [BroughtChart] = []
    /// What the ledger remembers of the mirror at its destinations.
    public var remembered: [MirrorPlace: [MirroredReference]] = [:]
    /// What could not be found out.
    public var problems: [PlanProblem] = []
    /// Whether every listing of the source could be had: else nothing is marked for removal.
    public var isComplete = true
    /// What people should know.
    public var notes: [String] = []

    /// Nothing.
    public init() {}
}

/// A selected reference with what is known of both ends.
public struct SelectedReference: Sendable, Equatable {
    /// Where it comes from.
    public var from: MirrorPlace
    /// The repository there, in full; a chart's name in a classic repository.
    public var source: String
    /// The version there.
    public var version: ListedVersion
    /// What it must name.
    public var expected: Digest?
    /// Where it goes.
    public var to: MirrorPlace
    /// The repository there, in full.
    public var repository: RepositoryName
    /// How it came to be selected.
    public var origin = ReferenceOrigin.selected
    /// Whether the destination gets the very manifest; not so when one platform is taken out of an index.
    public var keepsDigest = true
    /// Whether it is said never to move.
    public var isImmutable = false
    /// What the destination says.
    public var destination = DestinationFact.absent
    /// Whether the destination could not be asked about it.
    var isUnreadable = false
    /// Other mirrors that have put this tag there.
    public var otherMirrors: [String] = []

    /// Builds it.
    public init(
        from: MirrorPlace, source: String, version: ListedVersion, to: MirrorPlace, repository: RepositoryName
    ) {
        self.from = from
        self.source = source
        self.version = version
        self.to = to
        self.repository = repository
    }

    /// The source for people.
    public var sourceName: String { MirrorPlace.name(from, source) + ":" + version.text }
}

/// What the destination has under a tag.
public enum DestinationFact: Sendable, Equatable {
    /// Its repository is not there at all.
    case noRepository
    /// The tag is not there.
    case absent
    /// The tag is there; what it names when anybody said, and for a chart of a classic source its archive when it was
    /// looked at.
    case present(Digest?, archive: Digest?)
    /// The tag is not there, but the manifest is, under another.
    case elsewhere
}
