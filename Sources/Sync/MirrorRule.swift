// Sync: mirrors by rule: what is selected where, what is to be done about it, and the doing.
//
// Owns: rules, selection, plans, locks, runs, prune, closure, schedules. A plan is a value made of listings alone;
// a run is that plan given to `Transfer`. Threads: any task may call.

public import OCIModel
public import Transfer

/// A mirror: what comes from where, and where it goes.
public struct MirrorRule: Sendable, Equatable {
    /// Its name: 1 to 64 of `a-z 0-9 . _ -`.
    public var name: String
    /// Where it comes from.
    public var from: MirrorPlace
    /// Where it goes.
    public var to: MirrorPlace
    /// Which repositories, named as below `from`; empty for all.
    ///
    /// In a classic repository these are its charts.
    public var repositories: [NamePattern] = []
    /// Which not, whatever `repositories` says.
    public var exclude: [NamePattern] = []
    /// Which versions of each.
    public var versions = VersionSelection()
    /// References with a digest they must have; they are selected whatever `versions` says.
    public var pins: [MirrorPin] = []
    /// How a repository is named below `to`.
    public var naming = NameTemplate.same
    /// Platforms of images; empty for all.
    public var platforms: [Platform] = []
    /// Signatures, SBOMs and the like; nil for none.
    ///
    /// Provenance of charts is always taken along.
    public var referrers: ReferrerFilter?
    /// Which tags never move; one that does is reported and not followed.
    public var immutable = ImmutableTags.none
    /// What is brought along for what is selected.
    public var closure = MirrorClosure()
    /// What becomes of what is not selected any more; nil leaves it.
    public var prune: PruneRule?
    /// When it runs in a server; nil for on demand.
    public var schedule: MirrorSchedule?
    /// How long the destination is trusted to hold what was put there, before it is asked again which manifest a tag
    /// names; its list of tags is asked for in each run.
    public var destinationCheck = Duration.seconds(86400)
    /// How many references are worked on at a time.
    public var concurrency = 16

    /// A mirror of everything.
    public init(name: String, from: MirrorPlace, to: MirrorPlace) {
        self.name = name
        self.from = from
        self.to = to
    }
}

/// An end of a mirror.
public enum MirrorPlace: Sendable, Hashable {
    /// A registry at `host[:port]`, and the path below which its repositories lie; empty for all of it.
    case registry(authority: String, isSecure: Bool, path: String)
    /// A classic repository by its URL, without `index.yaml`; as a destination it must speak ChartMuseum's API.
    case charts(url: String)
    /// The local store, and the path below which its repositories lie.
    case store(path: String)
    /// An OCI image layout in a directory.
    case layout(directory: String)
}

extension MirrorPlace: CustomStringConvertible {
    /// As it is written in a file: `oci://host/path`, `oci+http://host/path`, `https://…`, `store:path`, `layout:dir`.
    public var description: String {
        switch self {
        case .registry(let authority, let isSecure, let path):
            "\(isSecure ? "oci" : "oci+http")://\(authority)" + (path.isEmpty ? "" : "/" + path)
        case .charts(let url): url
        case .store(let path): "store:" + path
        case .layout(let directory): "layout:" + directory
        }
    }

    /// `host[:port]` of a place that is asked over the network; nil for others.
    public var host: String? {
        switch self {
        case .registry(let authority, _, _): return authority
        case .charts(let url):
            guard let scheme = url.range(of: "://") else { return nil }
            return String(url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" })
        case .store, .layout: return nil
        }
    }
}

extension String {
    /// Where a text stands in this one first.
    fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}

/// Versions of one repository.
///
/// Everything that is given must hold; the newest are counted among what the rest leaves, pre-releases only where they
/// are allowed. Tags that are no versions take part in `exact` and `regex` only.
public struct VersionSelection: Sendable, Equatable {
    /// Just these, as versions or tags; empty for no such limit.
    public var exact: [String] = []
    /// As `helm --version` reads it.
    public var constraint: ChartConstraint?
    /// Versions or tags that match as a whole.
    public var regex: TextPattern?
    /// The newest so many.
    public var newest: Int?
    /// The newest so many of each minor version.
    public var newestPerMinor: Int?
    /// Only what was made at least so long ago.
    public var minimumAge: Duration?
    /// Whether pre-releases count; nil leaves it to the constraint.
    public var prereleases: Bool?

    /// All versions, pre-releases too.
    public init() {}
}

/// A reference with the digest it must have.
public struct MirrorPin: Sendable, Hashable {
    /// The repository, named as below `from`.
    public var repository: String
    /// The tag or version; nil for the digest alone, which then gets a tag made of it.
    public var version: String?
    /// What it must name: a manifest, or an archive in a classic repository.
    public var digest: Digest

    /// Builds it.
    public init(repository: String, version: String?, digest: Digest) {
        self.repository = repository
        self.version = version
        self.digest = digest
    }
}

/// Which tags are said never to move.
public enum ImmutableTags: Sendable, Equatable {
    /// No tag is.
    case none
    /// Tags that are whole versions, `1.2.3` and the like.
    case versions
    /// Every tag is.
    case all
    /// Tags that match as a whole.
    case matching(TextPattern)
}

/// What is brought along.
public struct MirrorClosure: Sendable, Equatable {
    /// Charts that selected charts depend on, and so on.
    public var dependencies = false
    /// Container images that charts name; nil for none.
    public var images: ImageClosure?
    /// Hosts that charts may lead to; empty for any.
    public var hosts: [String] = []

    /// Nothing.
    public init() {}
}

/// Which images are brought along.
public struct ImageClosure: Sendable, Equatable {
    /// Where they go; nil for the mirror's destination.
    public var to: MirrorPlace?
    /// How they are named there.
    public var naming = NameTemplate.withHost
    /// The least confidence that is taken.
    public var confidence = ImageConfidence.medium
    /// Images left out, as `host/repository` patterns.
    public var exclude: [NamePattern] = []

    /// All that charts say plainly.
    public init() {}
}

/// How sure it is that a chart uses an image.
public enum ImageConfidence: Int, Sendable, Comparable, CaseIterable {
    /// It was read out of a template.
    case low
    /// It was read out of the values, by their usual shape.
    case medium
    /// The chart lists it as an image.
    case high

    /// By how sure it is.
    public static func < (left: ImageConfidence, right: ImageConfidence) -> Bool { left.rawValue < right.rawValue }
}

/// What becomes of what is not selected any more.
public struct PruneRule: Sendable, Equatable {
    /// How long it stays marked before it is removed.
    public var grace = Duration.seconds(7 * 86400)
    /// The most references that one run removes.
    public var maximumCount = 100
    /// The most, in hundredths of all that the mirror has put there.
    public var maximumPercent = 20

    /// A week, a hundred, a fifth.
    public init() {}
}
