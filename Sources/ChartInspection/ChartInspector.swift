// ChartInspection: what people ask about a chart, answered over any registry, near or far.
//
// Owns: finding a version, fetching its archive, and the answers: description, files, dependencies, differences. Each
// answer has a JSON form whose field names stay; the command line and the server give the same one.
// Invariant: memory is bounded by one archive (64 MiB; one piece of it when the end has it at hand) and the files taken
// from it (16 MiB); nothing is written.
// Thread rule: any task; reading an archive works on the calling task's thread for its whole length.

import ChartArchive
import Codecs
public import Content
import HelmModel
public import OCIModel

/// Looks into the charts of a registry.
public struct ChartInspector: Sendable {
    let end: any BlobSource & TagResolver

    /// Looks into an end's charts.
    public init(_ end: any BlobSource & TagResolver) {
        self.end = end
    }

    /// The manifest a reference names; without tag and digest that of the newest version.
    ///
    /// The host is not looked at. Newest is the newest release by its tag read as a version, or the newest pre-release
    /// when there is no release.
    /// - Throws: what the end throws; `.manifestUnknown` when no tag is a version; `.manifestInvalid`; `.corrupt` when
    ///   the manifest is not what its digest says.
    public func resolve(_ reference: Reference) async throws(ContentError) -> ResolvedChart {
        let repository = reference.repository
        var tag = reference.digest == nil ? reference.tag : nil
        if reference.manifest == nil { tag = try await newestTag(in: repository) }
        let named: ManifestReference? = reference.digest.map { .digest($0) } ?? tag.map { .tag($0) }
        guard let named else { throw .parameterInvalid("\(reference) names no version") }
        let stored = try await end.manifest(named, in: repository)
        try ChartInspector.verify(stored, named)
        do {
            let manifest = try Manifest(parsing: stored.bytes, contentType: stored.mediaType)
            return ResolvedChart(repository: repository, tag: tag, digest: stored.digest, manifest: manifest)
        } catch {
            throw .manifestInvalid("manifest \(stored.digest) of \(repository): \(error)")
        }
    }

    private static func verify(_ stored: StoredManifest, _ named: ManifestReference) throws(ContentError) {
        let isSHA256 = stored.digest.algorithm == .sha256
        let hash = ContentHasher.hash(stored.bytes.span, isSHA256 ? .sha256 : .sha512)
        var isRight = Digest(stored.digest.algorithm, hash: hash) == stored.digest
        if case .digest(let wanted) = named, wanted != stored.digest { isRight = false }
        guard isRight else {
            throw .corrupt("the registry answers \(named) with bytes that do not hash to its digest")
        }
    }

    private func newestTag(in repository: RepositoryName) async throws(ContentError) -> Tag {
        let newest = try await versions(in: repository).max { left, right in
            let leftIsRelease = left.version.prerelease.isEmpty
            guard leftIsRelease == right.version.prerelease.isEmpty else { return !leftIsRelease }
            return left.version < right.version
        }
        guard let newest else {
            throw .manifestUnknown("repository \(repository) has no tag that is a version: name a tag or a digest")
        }
        return newest.tag
    }

    /// The most tags of one repository that are looked through.
    private static let maximumTags = 100_000

    /// The tags that are versions as Helm reads them.
    func versions(in repository: RepositoryName) async throws(ContentError) -> [(version: SemanticVersion, tag: Tag)] {
        var versions: [(version: SemanticVersion, tag: Tag)] = []
        var last: String?
        var count = 0
        while true {
            let page = try await end.tags(in: repository, PageRequest(limit: 1000, last: last))
            for tag in page.elements {
                if let version = try? SemanticVersion(lenient: tag.chartVersion) { versions.append((version, tag)) }
            }
            count += page.elements.count
            guard page.hasMore, let end = page.elements.last?.description, end != last,
                count < ChartInspector.maximumTags
            else { return versions }
            last = end
        }
    }
}

/// A version of a chart, found.
public struct ResolvedChart: Sendable {
    /// The repository.
    public let repository: RepositoryName
    /// The tag it was found by; nil when it was found by digest.
    public let tag: Tag?
    /// The manifest's digest.
    public let digest: Digest
    /// The manifest.
    public let manifest: Manifest

    /// `repository:tag`, or `repository@digest`.
    public var reference: Reference {
        Reference(repository: repository, tag: tag, digest: tag == nil ? digest : nil)
    }

    /// The members every answer begins with: `reference`, `repository`, `tag` (null when found by digest), `manifest`.
    var members: [(String, JSONValue)] {
        [
            ("reference", .string(reference.description)), ("repository", .string(repository.description)),
            ("tag", JSONValue(optional: tag?.description)), ("manifest", .string(digest.description)),
        ]
    }
}
