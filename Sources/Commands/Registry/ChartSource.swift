import ChartArchive
import Codecs
import Content
import HelmModel
import OCIModel
import Posix

/// A chart on disk, read and ready to be pushed.
struct ChartSource {
    let metadata: ChartMetadata
    let archive: FileContent
    let config: (descriptor: Descriptor, bytes: [UInt8])
    let provenance: FileContent?
    let manifest: StoredManifest
    /// What looks wrong but does not stop a push.
    let warnings: [String]

    /// Reads `path`, and `path.prov` when it lies beside.
    ///
    /// - Throws: `.invalidContent` when it is no chart.
    init(path: String) throws(CommandError) {
        let package = try ChartSource.package(path)
        metadata = package.metadata
        archive = try FileContent(path: path, mediaType: .helmChart)
        let configBytes = package.metadata.configJSON
        config = (try FileContent.descriptor(of: configBytes, .helmConfig), configBytes)
        provenance = try ChartSource.provenance(path + ".prov")
        warnings = package.metadata.warnings + (try ChartSource.warnings(provenance, archive))
        let layers = [archive.descriptor] + (provenance.map { [$0.descriptor] } ?? [])
        let bytes = ChartManifest.make(
            metadata: package.metadata, config: config.descriptor, layers: layers, created: package.created)
        let descriptor = try FileContent.descriptor(of: bytes, .ociManifest)
        manifest = StoredManifest(digest: descriptor.digest, mediaType: .ociManifest, bytes: bytes)
    }

    private static func package(_ path: String) throws(CommandError) -> PackagedChart {
        let reader = try FileContent.Reader(path: path)
        do {
            return try ChartArchiveReader.read { try reader.next() }
        } catch {
            throw CommandError(
                .invalidContent, "\(path) is no chart: \(error)", hints: ["make one with 'helm package'"])
        }
    }

    private static func provenance(_ path: String) throws(CommandError) -> FileContent? {
        do {
            guard try FileStatus(path: path) != nil else { return nil }
        } catch {
            throw CommandError(error)
        }
        return try FileContent(path: path, mediaType: .helmProvenance)
    }

    /// A provenance file that vouches for something else is no reason to refuse, Helm takes it too, but to speak up.
    private static func warnings(_ file: FileContent?, _ archive: FileContent) throws(CommandError) -> [String] {
        guard let file else { return [] }
        do {
            let bytes = try File.contents(of: file.path, maximumBytes: 1 << 20)
            let isRight = try ChartProvenance(parsing: bytes).names(archive.descriptor.digest)
            return isRight ? [] : ["\(file.path) does not vouch for this archive: sign it again"]
        } catch let error as ChartProvenanceError {
            return ["\(file.path): \(error.description)"]
        } catch let error as SystemError {
            throw CommandError(error)
        } catch {
            throw CommandError(.failure, "\(error)")
        }
    }
}

/// A file that is to become a blob.
struct FileContent {
    let path: String
    let descriptor: Descriptor

    /// Reads the file once to learn its size and digest.
    init(path: String, mediaType: MediaType) throws(CommandError) {
        self.path = path
        let reader = try Reader(path: path)
        let hasher = ContentHasher(.sha256)
        var size: Int64 = 0
        do {
            while let piece = try reader.next() {
                hasher.update(piece.span)
                size += Int64(piece.count)
            }
        } catch {
            throw CommandError(error)
        }
        guard let digest = Digest(.sha256, hash: hasher.finish()) else {
            throw CommandError(.failure, "\(path) cannot be hashed")
        }
        descriptor = Descriptor(mediaType: mediaType, digest: digest, size: size)
    }

    /// The descriptor of bytes at hand.
    static func descriptor(of bytes: [UInt8], _ mediaType: MediaType) throws(CommandError) -> Descriptor {
        guard let digest = Digest(.sha256, hash: ContentHasher.hash(bytes.span, .sha256)) else {
            throw CommandError(.failure, "bytes cannot be hashed")
        }
        return Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count))
    }

    /// Reads a regular file from its beginning, in pieces of 256 KiB.
    ///
    /// For one task at a time.
    final class Reader {
        private let file: OpenFile
        private var offset: Int64 = 0

        init(path: String) throws(CommandError) {
            do {
                if let status = try FileStatus(path: path), status.kind != .regular {
                    throw CommandError(.usage, "\(path) is no file")
                }
                file = try OpenFile(descriptor: try File(reading: path).takeDescriptor(), name: path)
            } catch let error as CommandError {
                throw error
            } catch let error as SystemError {
                throw CommandError(error)
            } catch {
                throw CommandError(.failure, "\(error)")
            }
        }

        /// The next piece; nil at the end.
        func next() throws(SystemError) -> [UInt8]? {
            let piece = try file.read(at: offset, maximumBytes: 256 << 10)
            offset += Int64(piece.count)
            return piece.isEmpty ? nil : piece
        }
    }
}
