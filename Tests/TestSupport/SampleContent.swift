import Codecs
public import Content
public import OCIModel

extension Digest {
    /// The digest of bytes at hand.
    public init(of bytes: [UInt8], _ algorithm: DigestAlgorithm = .sha256) {
        self.init(algorithm, hash: ContentHasher.hash(bytes.span, algorithm == .sha256 ? .sha256 : .sha512))!
    }
}

extension Descriptor {
    /// The descriptor of bytes at hand.
    public init(of bytes: [UInt8], _ mediaType: MediaType = .octetStream) {
        self.init(mediaType: mediaType, digest: Digest(of: bytes), size: Int64(bytes.count))
    }
}

/// A chart as it lies in a registry: config, archive and the manifest over both.
public struct SampleChart: Sendable {
    public var config: [UInt8]
    public var archive: [UInt8]
    public var manifest: StoredManifest

    /// A chart whose bytes follow from name, version and seed.
    public init(_ name: String, _ version: String, seed: UInt64 = 1, archiveBytes: Int = 3000) {
        var generator = SeededGenerator(
            seed: seed ^ UInt64(truncatingIfNeeded: Digest(of: Array((name + version).utf8)).bytes[5]))
        config = Array(#"{"name":"\#(name)","version":"\#(version)","apiVersion":"v2"}"#.utf8)
        archive = Array("\(name)-\(version)".utf8) + generator.bytes(archiveBytes)
        manifest = SampleChart.manifest(
            config: Descriptor(of: config, .helmConfig), layers: [Descriptor(of: archive, .helmChart)])
    }

    /// Puts the blobs, then the manifest.
    public func push(
        to end: some BlobSink & Tagger, _ repository: RepositoryName, tags: [Tag]
    ) async throws(ContentError) {
        for (bytes, type) in [(config, MediaType.helmConfig), (archive, .helmChart)] {
            try await end.putBlob(Descriptor(of: bytes, type), in: repository, bytes)
        }
        try await end.putManifest(manifest, tags: tags, in: repository)
    }

    /// An image manifest as Helm writes it: without `mediaType`.
    public static func manifest(config: Descriptor, layers: [Descriptor]) -> StoredManifest {
        let json = JSONValue.object([
            ("schemaVersion", .integer(2)), ("config", config.json), ("layers", .array(layers.map(\.json))),
        ])
        return stored(json, .ociManifest)
    }

    /// An image index over manifests.
    public static func index(_ manifests: [StoredManifest]) -> StoredManifest {
        let json = JSONValue.object([
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociIndex.description)),
            ("manifests", .array(manifests.map { Descriptor(of: $0.bytes, $0.mediaType).json })),
        ])
        return stored(json, .ociIndex)
    }

    private static func stored(_ json: JSONValue, _ type: MediaType) -> StoredManifest {
        let bytes = json.text(.go)
        return StoredManifest(digest: Digest(of: bytes), mediaType: type, bytes: bytes)
    }
}

extension BlobSink {
    /// Puts bytes at hand as one piece.
    public func putBlob(
        _ expected: Descriptor, in repository: RepositoryName, _ bytes: [UInt8]
    ) async throws(ContentError) {
        var left: [UInt8]? = bytes
        try await putBlob(expected, in: repository) { () throws(ContentError) in
            let piece = left
            left = nil
            return piece?.isEmpty == true ? nil : piece
        }
    }
}

extension BlobSource {
    /// The whole blob.
    public func blob(_ digest: Digest, in repository: RepositoryName) async throws(ContentError) -> [UInt8] {
        var bytes: [UInt8] = []
        try await readBlob(digest, in: repository, from: 0) { piece throws(ContentError) in bytes += piece }
        return bytes
    }
}
