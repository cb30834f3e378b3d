internal import HelmModel
public import OCIModel

/// A version or tag of a repository as its listing shows it.
public struct ListedVersion: Sendable, Equatable {
    /// The text: a chart's version, or a tag.
    public var text: String
    /// The tag it has, or gets, at a registry.
    public var tag: Tag
    /// What it names: a manifest, or the archive in a classic repository; nil where the listing does not say.
    public var digest: Digest?
    /// When it was made or last moved, in microseconds since 1970; nil where the listing does not say.
    public var createdAt: Int64?
    /// Where a classic repository has the archive; empty elsewhere.
    public var urls: [String]

    /// Builds it.
    public init(text: String, tag: Tag, digest: Digest? = nil, createdAt: Int64? = nil, urls: [String] = []) {
        self.text = text
        self.tag = tag
        self.digest = digest
        self.createdAt = createdAt
        self.urls = urls
    }
}

extension VersionSelection {
    /// Whether it takes everything there is.
    public var isEverything: Bool { self == VersionSelection() }

    /// The positions of what is selected, in the order of the listing.
    ///
    /// Where ages count and a version has none, it is taken: nobody knows better. Costs one pass, and a sort where the
    /// newest are wanted.
    public func choose(from versions: [ListedVersion], now: Int64) -> [Int] {
        let exactly = Set(exact.flatMap { [$0, VersionSelection.tagText($0)] })
        let matches = regex?.matcher
        let oldest = minimumAge.map { now - Int64($0.components.seconds) * 1_000_000 }
        let needsVersion = constraint != nil || newest != nil || newestPerMinor != nil || prereleases != nil
        var chosen: [(position: Int, version: SemanticVersion?)] = []
        for (position, listed) in versions.enumerated() {
            if !exactly.isEmpty, !exactly.contains(listed.text), !exactly.contains(listed.tag.description) { continue }
            if let matches, !matches(listed.text), !matches(listed.tag.description) { continue }
            if let oldest, let time = listed.createdAt, time > oldest { continue }
            let version = needsVersion ? VersionSelection.version(of: listed) : nil
            guard !needsVersion || version.map(takes) == true else { continue }
            chosen.append((position, version))
        }
        if let newestPerMinor { chosen = VersionSelection.newest(newestPerMinor, ofEachMinorIn: chosen) }
        if let newest {
            chosen = Array(chosen.sorted { VersionSelection.isNewer($0.version, $1.version) }.prefix(max(0, newest)))
        }
        return chosen.map(\.position).sorted()
    }

    private func takes(_ version: SemanticVersion) -> Bool {
        if !version.prerelease.isEmpty {
            switch prereleases {
            case false: return false
            // Without a constraint nothing but the key says whether they are wanted.
            case nil: if constraint == nil, newest != nil || newestPerMinor != nil { return false }
            case true: break
            }
        }
        return constraint?.constraint.matches(version, includingPrereleases: prereleases == true) ?? true
    }

    private static func newest(
        _ count: Int, ofEachMinorIn chosen: [(position: Int, version: SemanticVersion?)]
    ) -> [(position: Int, version: SemanticVersion?)] {
        struct Minor: Hashable {
            var major: UInt64
            var minor: UInt64
        }
        let groups = Dictionary(grouping: chosen) {
            Minor(major: $0.version?.major ?? 0, minor: $0.version?.minor ?? 0)
        }
        return groups.values.flatMap { group in
            group.sorted { isNewer($0.version, $1.version) }.prefix(max(0, count))
        }
    }

    private static func isNewer(_ left: SemanticVersion?, _ right: SemanticVersion?) -> Bool {
        guard let left, let right else { return left != nil }
        return right < left
    }

    /// A version as strictly as a tag has to be one: `1` and `latest` are none.
    static func version(of listed: ListedVersion) -> SemanticVersion? {
        VersionSelection.version(listed.text) ?? VersionSelection.version(listed.tag.chartVersion)
    }

    static func version(_ text: String) -> SemanticVersion? {
        let bare = text.utf8.first == UInt8(ascii: "v") ? String(text.dropFirst()) : text
        return try? SemanticVersion(parsing: bare)
    }

    private static func tagText(_ text: String) -> String {
        (try? Tag(chartVersion: text))?.description ?? text
    }
}

extension ImmutableTags {
    /// Whether a tag is said never to move.
    public func covers(_ tag: Tag) -> Bool {
        switch self {
        case .none: false
        case .all: true
        case .versions: VersionSelection.version(tag.chartVersion) != nil
        case .matching(let pattern): pattern.matches(tag.description)
        }
    }
}
