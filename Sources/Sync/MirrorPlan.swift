public import Content
public import OCIModel

/// What is to be done so that a destination holds what a rule selects: a value that can be printed and compared.
public struct MirrorPlan: Sendable, Equatable {
    /// The mirror's name.
    public var mirror: String
    /// Where it comes from.
    public var from: MirrorPlace
    /// Where it goes.
    public var to: MirrorPlace
    /// Every reference that is selected or was put there before; sorted by place, repository and tag at the destination.
    public var items: [PlannedReference]
    /// Images that charts name with too little confidence: not brought, in a lock excluded until somebody confirms them.
    public var candidates: [SelectedReference] = []
    /// The charts that images are brought for, and these images: what `ClosureFiles` needs.
    public var charts: [BroughtChart] = []
    /// What could not be found out, or looks wrong.
    public var problems: [PlanProblem]
    /// Whether everything that could be selected was listed: else nothing is removed, and no lock can be made of it.
    public var isComplete = true
    /// What people should know and that stops nothing.
    public var notes: [String]

    /// Builds a plan.
    public init(
        mirror: String, from: MirrorPlace, to: MirrorPlace, items: [PlannedReference], problems: [PlanProblem],
        notes: [String] = []
    ) {
        self.mirror = mirror
        self.from = from
        self.to = to
        self.items = items
        self.problems = problems
        self.notes = notes
    }

    /// Items by what is to be done.
    public func count(of action: PlannedAction) -> Int { items.count { $0.action == action } }

    /// Whether the destination is not as it should be.
    public var hasDrift: Bool { items.contains { $0.action.changes || $0.action == .conflict } || !problems.isEmpty }
}

/// What is to be done about a reference.
public enum PlannedAction: String, Sendable, CaseIterable {
    /// Its content is moved, as far as the destination lacks it.
    case copy
    /// Its content is there under another tag: the tag is set.
    case retag
    /// It is as it should be.
    case leave
    /// It must not be touched: people have to decide.
    case conflict
    /// It is not selected any more: it is marked for removal.
    case mark
    /// It is marked, and waits.
    case wait
    /// It was marked and is removed.
    case prune

    /// Whether a run would change the destination, or what is remembered of it.
    public var changes: Bool {
        switch self {
        case .copy, .retag, .mark, .prune: true
        case .leave, .conflict, .wait: false
        }
    }
}

/// A reference and what is to be done about it.
public struct PlannedReference: Sendable, Equatable {
    /// What is to be done.
    public var action: PlannedAction
    /// Where it comes from; for what is removed, the mirror's own source.
    public var from: MirrorPlace
    /// The repository there, as the place names it in full; a chart's name in a classic repository.
    public var source: String
    /// The version or tag there.
    public var version: String
    /// What it names there; nil when nobody has asked.
    public var sourceDigest: Digest?
    /// What it must name there: a pin or a lock.
    public var expected: Digest?
    /// Where it goes.
    public var to: MirrorPlace
    /// The repository there, in full.
    public var repository: RepositoryName
    /// The tag there.
    public var tag: Tag
    /// What the tag names there now; nil for nothing, or when nobody has asked.
    public var digest: Digest?
    /// Bytes to move; nil when nobody knows.
    public var bytes: Int64?
    /// Whether the destination's repository holds nothing yet.
    public var isNew: Bool
    /// How it came to be here.
    public var origin: ReferenceOrigin
    /// Why this is to be done; one short clause.
    public var reason: String
    /// Where a classic repository has the archive.
    public var urls: [String]
    /// Whether a run writes down that it is as it should be.
    public var isNews = false
    /// Of a conflict, the side that is not as it should be.
    public var faultySide = TransferSide.source

    /// Builds an item; what is not given is unknown.
    public init(
        _ action: PlannedAction, from: MirrorPlace, source: String, version: String, sourceDigest: Digest? = nil,
        expected: Digest? = nil, to: MirrorPlace, repository: RepositoryName, tag: Tag, digest: Digest? = nil,
        bytes: Int64? = nil, isNew: Bool = false, origin: ReferenceOrigin = .selected, reason: String,
        urls: [String] = []
    ) {
        self.action = action
        self.from = from
        self.source = source
        self.version = version
        self.sourceDigest = sourceDigest
        self.expected = expected
        self.to = to
        self.repository = repository
        self.tag = tag
        self.digest = digest
        self.bytes = bytes
        self.isNew = isNew
        self.origin = origin
        self.reason = reason
        self.urls = urls
    }

    /// The source for people.
    public var sourceName: String { MirrorPlace.name(from, source) + ":" + version }
    /// The destination for people.
    public var destinationName: String { MirrorPlace.name(to, repository.description) + ":" + tag.description }
}

/// How a reference came to be mirrored.
public enum ReferenceOrigin: Sendable, Equatable {
    /// The rule selects it.
    case selected
    /// A chart depends on it.
    case dependency(of: String)
    /// A chart names it as an image: which chart, where in it, and how sure that is.
    case image(of: String, place: String, confidence: ImageConfidence)
    /// It is not selected; it was.
    case formerly
}

/// Something that could not be planned.
public struct PlanProblem: Sendable, Equatable, Hashable {
    /// Which side it is about.
    public var side: TransferSide
    /// The object: a place, a repository, a reference.
    public var object: String
    /// What is wrong; one sentence.
    public var reason: String
    /// What to do; empty when nobody knows.
    public var hint: String

    /// Builds it.
    public init(_ side: TransferSide, _ object: String, _ reason: String, hint: String = "") {
        self.side = side
        self.object = object
        self.reason = reason
        self.hint = hint
    }
}

extension MirrorPlace {
    /// A repository of a place for people: the place's root and the full name.
    static func name(_ place: MirrorPlace, _ repository: String) -> String {
        switch place {
        case .registry(let authority, let isSecure, _): "\(isSecure ? "oci" : "oci+http")://\(authority)/\(repository)"
        case .charts(let url): "\(url) \(repository)"
        case .store: "store:\(repository)"
        case .layout(let directory): "layout:\(directory) \(repository)"
        }
    }

    /// The path below which its repositories lie.
    var path: String {
        switch self {
        case .registry(_, _, let path), .store(let path): path
        case .charts, .layout: ""
        }
    }

    /// The full name of a repository below the path.
    func full(_ name: String) -> String { path.isEmpty ? name : name.isEmpty ? path : path + "/" + name }

    /// The place without its path: what shares an end, and what the ledger calls it.
    var root: MirrorPlace {
        switch self {
        case .registry(let authority, let isSecure, _): .registry(authority: authority, isSecure: isSecure, path: "")
        case .store: .store(path: "")
        case .charts, .layout: self
        }
    }
}
