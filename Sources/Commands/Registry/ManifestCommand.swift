import Content
import OCIModel

extension Command {
    /// `chartroom manifest`.
    static let manifest = Command(
        name: "manifest", summary: "List, show, delete and lock manifests",
        children: [.manifestList, .manifestShow, .manifestDelete, .manifestUpdate])
}

extension Command.Argument {
    static let manifestReference = Command.Argument(
        name: "REFERENCE",
        help: "The manifest: charts/nginx:1.2.3 or charts/nginx@sha256:…, with oci://host/ in front for a server's.")
}

extension Invocation {
    /// A reference that must name a manifest by tag or digest.
    func manifestReference() throws(CommandError) -> (reference: Reference, manifest: ManifestReference) {
        let reference = try reference("REFERENCE")
        guard let manifest = reference.manifest else {
            throw CommandError(
                .usage, "\(reference) names no manifest", hints: ["write REPOSITORY:TAG or REPOSITORY@DIGEST"])
        }
        return (reference, manifest)
    }

    /// The digest of a manifest; one round trip when it is named by tag.
    func digest(
        of manifest: ManifestReference, in repository: RepositoryName, _ end: any RegistryEnd
    ) async throws(CommandError) -> Digest {
        switch manifest {
        case .digest(let digest): return digest
        case .tag:
            return try await contentWork { () async throws(ContentError) in
                try await end.manifest(manifest, in: repository).digest
            }
        }
    }

    /// Writes one manifest's attributes.
    func showManifest(_ manifest: ManifestAttributes) throws(CommandError) {
        try show(
            json: Objects.manifest(manifest),
            table: Table.pairs([
                ("Digest", manifest.digest.description), ("Media type", manifest.mediaType.description),
                ("Config type", manifest.configMediaType ?? "-"), ("Artifact type", manifest.artifactType ?? "-"),
                ("Size", Measure.size(manifest.imageSize)),
                ("Tags", manifest.tags.isEmpty ? "-" : manifest.tags.map(\.description).joined(separator: ", ")),
                ("Created", Objects.shortTime(manifest.createdAt)),
                ("Updated", Objects.shortTime(manifest.updatedAt)),
                ("Last pulled", manifest.pulledAt.map(Objects.shortTime) ?? "never"),
                ("Locked", Objects.lockText(manifest.locks)),
            ]))
    }
}
