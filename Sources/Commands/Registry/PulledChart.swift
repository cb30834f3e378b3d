import Codecs
import Content
import OCIModel

/// A chart's manifest as found in a registry, verified, with the layers a pull needs.
struct PulledChart {
    let digest: Digest
    let archive: Descriptor
    let provenance: Descriptor?
    let config: Descriptor

    /// The chart layer of charts pushed before Helm had a media type of its own; Helm still takes it.
    private static let legacyChart = "application/tar+gzip"

    /// Finds and verifies a chart.
    ///
    /// - Throws: `.invalidContent` when it is no chart or not what its digest says.
    static func find(
        _ reference: ManifestReference, in repository: RepositoryName, _ end: any RegistryEnd
    ) async throws(CommandError) -> PulledChart {
        let stored = try await contentWork { () async throws(ContentError) in
            try await end.manifest(reference, in: repository)
        }
        try verify(stored, reference)
        let manifest: Manifest
        do {
            manifest = try Manifest(parsing: stored.bytes, contentType: stored.mediaType)
        } catch {
            throw CommandError(.invalidContent, "manifest \(stored.digest): \(error)")
        }
        let archive =
            manifest.layers.first { $0.mediaType == .helmChart }
            ?? manifest.layers.first { $0.mediaType.description == legacyChart }
        guard let archive, let config = manifest.config, config.mediaType == .helmConfig else {
            throw CommandError(.invalidContent, "\(repository) \(reference) is no Helm chart")
        }
        return PulledChart(
            digest: stored.digest, archive: archive,
            provenance: manifest.layers.first { $0.mediaType == .helmProvenance }, config: config)
    }

    private static func verify(_ stored: StoredManifest, _ reference: ManifestReference) throws(CommandError) {
        let isSHA256 = stored.digest.algorithm == .sha256
        let hash = ContentHasher.hash(stored.bytes.span, isSHA256 ? .sha256 : .sha512)
        var isRight = Digest(stored.digest.algorithm, hash: hash) == stored.digest
        if case .digest(let wanted) = reference, wanted != stored.digest { isRight = false }
        guard isRight else {
            throw CommandError(.invalidContent, "the registry answers \(reference) with bytes that do not hash to it")
        }
    }

    /// `name-version.tgz` from the config, which is `Chart.yaml`; nothing that could lead out of the directory.
    func fileName(in repository: RepositoryName, _ end: any RegistryEnd) async throws(CommandError) -> String {
        let config = config
        guard config.size <= 1 << 20 else {
            throw CommandError(.invalidContent, "the chart's config is larger than 1 MiB")
        }
        let bytes = try await contentWork { () async throws(ContentError) in
            var bytes: [UInt8] = []
            try await end.readBlob(config.digest, in: repository, from: 0) { piece throws(ContentError) in
                guard bytes.count + piece.count <= 1 << 20 else { throw .corrupt("the chart's config is too large") }
                bytes += piece
            }
            return bytes
        }
        let name = "\(try PulledChart.text("name", bytes))-\(try PulledChart.text("version", bytes)).tgz"
        let isSafe =
            !name.hasPrefix(".") && !name.hasPrefix("-") && name.utf8.count <= 240
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_.+".utf8.contains(byte)
                }
            }
        guard isSafe else {
            throw CommandError(
                .invalidContent, "the chart calls itself \(Printable.quoted(name)), which is no safe file name",
                hints: ["name the file with --output FILE"])
        }
        return name
    }

    private static func text(_ field: String, _ config: [UInt8]) throws(CommandError) -> String {
        do {
            if let text = try JSONValue(parsing: config)[field]?.string, !text.isEmpty { return text }
        } catch {
            throw CommandError(.invalidContent, "the chart's config is no JSON: \(error)")
        }
        throw CommandError(.invalidContent, "the chart's config has no \(field)")
    }
}
