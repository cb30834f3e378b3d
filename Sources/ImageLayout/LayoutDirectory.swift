internal import Codecs
public import Content
public import OCIModel
public import Posix
internal import Synchronization

/// An OCI image layout in a directory, with many repositories in it.
///
/// A tag's entry in `index.json` is annotated with `org.opencontainers.image.ref.name` = `<repository>:<tag>`. In a
/// layout of others a bare tag, and an entry without a name, belong to one repository, named after the directory.
/// Blobs and manifests by digest are the layout's, whatever the repository. What no entry names any more stays.
///
/// Safe to share, and several processes may write one layout. Functions block for the disk.
public final class LayoutDirectory: Sendable {
    let files: LayoutFiles
    let index: IndexWriter
    /// What was read off manifests, by digest, which never changes.
    private let facts = Mutex<[Digest: ManifestFacts]>([:])

    /// What listings need of a manifest.
    struct ManifestFacts: Sendable {
        var subject: Digest?
        var children: [Digest]
        var asReferrer: Descriptor
    }

    /// Opens a layout for reading, or with `isMade` for writing too: then an empty or missing directory becomes one.
    ///
    /// `fallback` is the repository of bare tags; nil for one named after the directory.
    /// - Throws: `.nameUnknown` when there is none, `.unsupported` when the directory is something else, `.corrupt`,
    ///   `.tooLarge`, `.storageFull`.
    public init(at path: String, isMade: Bool, fallback: RepositoryName? = nil, calls: SystemCalls = .real)
        throws(ContentError)
    {
        files = try LayoutFiles(at: path, isMade: isMade, calls)
        if let fallback {
            index = try IndexWriter(files, fallback: fallback)
        } else {
            index = try IndexWriter(files, fallback: try LayoutDirectory.name(of: path))
        }
    }

    private static func name(of path: String) throws(ContentError) -> RepositoryName {
        let last = path.split(separator: "/").last { $0 != "." && $0 != ".." } ?? "layout"
        let plain = last.lowercased().utf8.map { byte -> UInt8 in
            let isPlain = (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
            return isPlain ? byte : UInt8(ascii: "-")
        }
        let text = String(decoding: plain, as: UTF8.self).split(separator: "-").joined(separator: "-")
        do { return try RepositoryName(parsing: text.isEmpty ? "layout" : text) } catch {
            throw .nameInvalid("no repository can be named after \(path): \(error)")
        }
    }

    // MARK: Manifests

    /// A manifest's bytes, verified; nil when there is no such file.
    func read(_ digest: Digest) throws(ContentError) -> [UInt8]? {
        guard let blob = try files.open(digest) else { return nil }
        guard blob.size <= LayoutFiles.maximumManifestBytes else {
            throw .tooLarge("manifest \(digest) of the image layout has \(blob.size) bytes, 4 MiB is the most")
        }
        let bytes = try blob.read(at: 0, maximumBytes: LayoutFiles.maximumManifestBytes)
        guard LayoutDirectory.digest(of: bytes, digest.algorithm) == digest else {
            throw .corrupt("the bytes of manifest \(digest) in \(files.path) do not hash to it; remove the file")
        }
        return bytes
    }

    static func digest(of bytes: [UInt8], _ algorithm: DigestAlgorithm) -> Digest? {
        Digest(algorithm, hash: ContentHasher.hash(bytes.span, algorithm == .sha256 ? .sha256 : .sha512))
    }

    /// What is known of a manifest; nil when it is not here or cannot be read as one.
    func knowledge(of descriptor: Descriptor) throws(ContentError) -> ManifestFacts? {
        if let known = facts.withLock({ $0[descriptor.digest] }) { return known }
        guard let bytes = try read(descriptor.digest),
            let manifest = try? Manifest(parsing: bytes, contentType: descriptor.mediaType)
        else { return nil }
        return learn(manifest, descriptor.digest, Int64(bytes.count))
    }

    @discardableResult
    func learn(_ manifest: Manifest, _ digest: Digest, _ size: Int64) -> ManifestFacts {
        let facts = ManifestFacts(
            subject: manifest.subject?.digest, children: manifest.manifests.map(\.digest),
            asReferrer: Descriptor(
                mediaType: manifest.mediaType, digest: digest, size: size, artifactType: manifest.artifactType,
                annotations: manifest.annotations))
        self.facts.withLock { known in
            // Whoever reads a layout of this size begins anew, not without end.
            if known.count >= 200_000 { known = [:] }
            known[digest] = facts
        }
        return facts
    }

    static func unknown(_ name: RepositoryName) -> ContentError {
        .nameUnknown("repository \(name) is not in the image layout")
    }
}
