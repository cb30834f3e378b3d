import Content
import OCIModel
import Synchronization
import TestSupport

/// A memory registry that writes down what it is asked, and does what the test says instead of answering.
final class RecordedEnd: TransferDestination {
    /// What is done before an answer: nothing, or a throw.
    typealias Rule = @Sendable (_ call: String, _ what: String) async throws(ContentError) -> Void

    let registry: MemoryRegistry
    private let rule: Rule
    /// Changes what a blob reads as.
    private let lie: @Sendable ([UInt8]) -> [UInt8]
    private let log = Mutex<[String]>([])

    init(
        _ registry: MemoryRegistry = MemoryRegistry(),
        _ rule: @escaping Rule = { (_, _) throws(ContentError) in },
        lie: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 }
    ) {
        self.registry = registry
        self.rule = rule
        self.lie = lie
    }

    /// The calls so far, as `put <digest>`.
    var calls: [String] { log.withLock { $0 } }
    /// How often a call was made.
    func count(_ call: String) -> Int { calls.count { $0 == call || $0.hasPrefix(call + " ") } }

    private func note(_ call: String, _ what: String) async throws(ContentError) {
        log.withLock { $0.append("\(call) \(what)") }
        try await rule(call, what)
    }

    func blobSize(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Int64 {
        try await note("size", "\(digest)")
        return try await registry.blobSize(digest, in: repository)
    }

    func readBlob(
        _ digest: Digest, in repository: RepositoryName, from offset: Int64,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(ContentError) {
        try await note("read", "\(digest) \(offset)")
        let bytes = lie(try await registry.blob(digest, in: repository))
        for start in stride(from: Int(offset), to: bytes.count, by: 262_144) {
            try await body(Array(bytes[start...].prefix(262_144)))
        }
        guard offset > 0 || Digest(of: bytes) == digest else { throw .corrupt("blob \(digest) is damaged") }
    }

    func manifest(
        _ reference: ManifestReference, in repository: RepositoryName
    ) async throws(ContentError) -> StoredManifest {
        try await note("manifest", "\(reference)")
        return try await registry.manifest(reference, in: repository)
    }

    func tags(in repository: RepositoryName, _ page: PageRequest<String>) async throws(ContentError) -> Page<Tag> {
        try await registry.tags(in: repository, page)
    }

    func repositories(_ page: PageRequest<String>) async throws(ContentError) -> Page<RepositoryName> {
        try await registry.repositories(page)
    }

    func listTags(in repository: RepositoryName, unless entityTag: String?) async throws(ContentError) -> TagListing {
        try await note("list", "\(repository)")
        return try await registry.listTags(in: repository, unless: entityTag)
    }

    func digest(of tag: Tag, in repository: RepositoryName, unless known: Digest?) async throws(ContentError) -> Digest
    {
        try await note("digest", "\(tag)")
        return try await registry.digest(of: tag, in: repository, unless: known)
    }

    func listReferrers(of subject: Digest, in repository: RepositoryName) async throws(ContentError) -> [Descriptor] {
        try await note("referrers", "\(subject)")
        return try await registry.listReferrers(of: subject, in: repository)
    }

    func hasManifest(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> Bool {
        try await note("has", "\(digest)")
        return try await registry.hasManifest(digest, in: repository)
    }

    func putManifest(
        _ manifest: StoredManifest, tags: [Tag], in repository: RepositoryName
    ) async throws(ContentError) {
        let names = tags.map { " " + $0.description }.joined()
        try await note("put", "\(manifest.digest)" + names)
        try await registry.putManifest(manifest, tags: tags, in: repository)
    }

    func deleteManifest(_ reference: ManifestReference, in repository: RepositoryName) async throws(ContentError) {
        try await registry.deleteManifest(reference, in: repository)
    }

    func deleteBlob(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) {
        try await registry.deleteBlob(digest, in: repository)
    }

    func placeBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ placement: BlobPlacement,
        _ open: (_ offset: Int64) async throws(ContentError) -> any BlobPieces
    ) async throws(ContentError) -> BlobOutcome {
        try await note("place", "\(expected.digest)" + (placement.mayBeThere ? "" : " new"))
        let outcome = try await registry.placeBlob(expected, in: repository, placement, open)
        try await note("\(outcome)", "\(expected.digest)")
        return outcome
    }
}

extension RepositoryName {
    static func named(_ text: String) -> RepositoryName { try! RepositoryName(parsing: text) }
}

extension Tag {
    static func named(_ text: String) -> Tag { try! Tag(parsing: text) }
}

/// A manifest over any descriptors, with a subject and raw members for an index's entries.
func stored(_ members: [(String, JSONValue)], _ type: MediaType) -> StoredManifest {
    let json = JSONValue.object(
        [("schemaVersion", .integer(2)), ("mediaType", .string(type.description))] + members)
    let bytes = json.text(.go)
    return StoredManifest(digest: Digest(of: bytes), mediaType: type, bytes: bytes)
}

extension StoredManifest {
    var descriptor: Descriptor { Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count)) }
}
