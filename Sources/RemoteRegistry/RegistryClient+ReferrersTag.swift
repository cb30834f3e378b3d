internal import Codecs
internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

// The index that clients keep of a manifest's referrers where the registry does not list them (distribution-spec v1.1.1,
// section Referrers Tag Schema). Two clients at once may lose an entry of each other; those of this one take turns.
extension RegistryClient {
    /// The tag of that index.
    static func referrersTag(_ subject: Digest) -> Tag? {
        try? Tag(parsing: "\(subject.algorithm.name)-\(subject.hex.prefix(64))")
    }

    /// Adds a manifest to the index of its subject's referrers, unless it is there.
    func listReferrer(
        _ manifest: StoredManifest, _ parsed: Manifest, of subject: Digest, in repository: RepositoryName
    ) async throws(ContentError) {
        let entry = Descriptor(
            mediaType: manifest.mediaType, digest: manifest.digest, size: Int64(manifest.bytes.count),
            artifactType: parsed.artifactType, annotations: parsed.annotations)
        let outcome = await referrersIndex.run { [self] () async -> Result<Void, ContentError> in
            do throws(ContentError) {
                return .success(try await addReferrer(entry, of: subject, in: repository))
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }

    private func addReferrer(
        _ entry: Descriptor, of subject: Digest, in repository: RepositoryName
    ) async throws(ContentError) {
        guard let tag = RegistryClient.referrersTag(subject) else { return }
        var entries = try await listedEntries(tag, in: repository)
        guard !entries.contains(where: { $0["digest"]?.string == entry.digest.description }) else { return }
        entries.append(entry.json)
        let bytes = JSONValue.object([
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociIndex.description)),
            ("manifests", .array(entries)),
        ]).text(.go)
        guard let digest = Digest(.sha256, hash: ContentHasher.hash(bytes.span, .sha256)) else {
            throw .internal("a hash has the wrong length")
        }
        let index = StoredManifest(digest: digest, mediaType: .ociIndex, bytes: bytes)
        _ = try await put(index, as: .tag(tag), [], in: repository)
    }

    /// What the index lists now; nothing when there is none.
    private func listedEntries(_ tag: Tag, in repository: RepositoryName) async throws(ContentError) -> [JSONValue] {
        let index: StoredManifest
        do throws(ContentError) {
            index = try await manifest(.tag(tag), in: repository)
        } catch .manifestUnknown, .nameUnknown {
            return []
        }
        guard index.mediaType.isIndex, let tree = try? JSONValue(parsing: index.bytes) else {
            throw .conflict(
                "\(endpoint.name) lists no referrers, and \(repository):\(tag), which stands in for that list, is no "
                    + "image index; remove that tag")
        }
        return tree["manifests"]?.array ?? []
    }
}
