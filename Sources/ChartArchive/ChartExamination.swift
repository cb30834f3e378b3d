import Archive
import Codecs
public import Content
import HelmModel
public import OCIModel

/// Whether an artifact of a registry is a version of a chart that a repository index may list.
public enum ChartExamination: Sendable {
    /// It is, and this is known of it.
    case chart(ChartFacts)
    /// It is not; the reason is one sentence without a final full stop.
    case refused(String)

    /// Gives the bytes of a blob piece by piece, and nil behind the last.
    public typealias OpenBlob = (Digest) throws(ContentError) -> (() throws -> [UInt8]?)

    /// The largest provenance file that is read, in bytes: 1 MiB.
    public static let maximumProvenanceBytes: Int64 = 1 << 20

    /// Examines a manifest of a repository and the blobs it names.
    ///
    /// Reads the archive once, and the provenance if there is one; the config is not trusted and not read. Memory as for
    /// `ChartArchiveReader.measure`. Blocks as long as the source of the bytes does.
    /// - Throws: what opening or reading a blob throws, `.corrupt` when an archive does not hash to its SHA-256: then
    ///   nothing is known. Never for what the bytes say.
    public static func examine(
        manifest: Manifest, repository: RepositoryName, openBlob: OpenBlob
    ) throws(ContentError) -> ChartExamination {
        do throws(Stop) {
            return .chart(try facts(manifest, repository, openBlob))
        } catch {
            switch error {
            case .refusal(let refusal): return .refused(refusal.description)
            case .content(let error): throw error
            }
        }
    }

    private enum Stop: Error {
        case refusal(ChartRefusal)
        case content(ContentError)

        static func refused(_ sentence: String) -> Stop { .refusal(ChartRefusal(sentence)) }
    }

    private static func facts(
        _ manifest: Manifest, _ repository: RepositoryName, _ openBlob: OpenBlob
    ) throws(Stop) -> ChartFacts {
        let layers: ChartLayers
        do {
            layers = try ChartLayers(of: manifest)
        } catch {
            throw .refusal(error)
        }
        let measured = try measure(layers.archive, openBlob)
        let metadata = measured.chart.metadata
        let tag = try place(of: metadata, in: repository)
        if let provenance = layers.provenance {
            try check(provenance, vouchesFor: [measured.sha256, layers.archive.digest], openBlob)
        }
        let config = metadata.configJSON
        let isSHA256 = layers.config.digest.algorithm == .sha256
        let hash = ContentHasher.hash(config.span, isSHA256 ? .sha256 : .sha512)
        return ChartFacts(
            metadata: metadata, tag: tag, archive: layers.archive, sha256: measured.sha256, size: measured.size,
            provenance: layers.provenance, created: measured.chart.created, files: measured.chart.files,
            isConfigAsHelm: Digest(layers.config.digest.algorithm, hash: hash) == layers.config.digest)
    }

    private static func measure(_ archive: Descriptor, _ openBlob: OpenBlob) throws(Stop) -> MeasuredChart {
        guard archive.size <= ChartArchiveReader.maximumArchiveBytes else {
            throw .refused("\(ChartArchiveError.archiveTooLarge(limit: ChartArchiveReader.maximumArchiveBytes))")
        }
        let nextPiece = try open(archive.digest, openBlob)
        let measured: MeasuredChart
        do throws(ChartArchiveError) {
            measured = try ChartArchiveReader.measure(nextPiece: nextPiece)
        } catch {
            guard case .archive(.source(let cause)) = error else { throw .refused(error.description) }
            throw .content(contentError(cause, archive.digest))
        }
        guard archive.digest.algorithm != .sha256 || measured.sha256 == archive.digest else {
            throw .content(.corrupt("blob \(archive.digest) hashes to \(measured.sha256): it is damaged"))
        }
        guard measured.size == archive.size else {
            throw .refused("its archive has \(measured.size) bytes, its manifest says \(archive.size)")
        }
        return measured
    }

    /// The tag of the version, when the chart belongs into the repository.
    private static func place(of metadata: ChartMetadata, in repository: RepositoryName) throws(Stop) -> Tag {
        let wanted: RepositoryName
        do {
            wanted = try ChartNamespace(of: repository).repository(forChart: metadata.name)
        } catch {
            throw .refused(error.message)
        }
        guard wanted == repository else {
            throw .refused(
                "the chart's name \(OCIParseError.quote(metadata.name)) is not that of its repository: "
                    + "push it to \(wanted)")
        }
        do {
            return try Tag(chartVersion: metadata.version)
        } catch {
            throw .refused("the chart's version cannot be a tag: \(error)")
        }
    }

    private static func check(
        _ provenance: Descriptor, vouchesFor archives: [Digest], _ openBlob: OpenBlob
    ) throws(Stop) {
        guard provenance.size <= maximumProvenanceBytes else {
            throw .refused("the provenance file is larger than 1 MiB")
        }
        let nextPiece = try open(provenance.digest, openBlob)
        var bytes: [UInt8] = []
        do {
            while Int64(bytes.count) <= maximumProvenanceBytes, let piece = try nextPiece(), !piece.isEmpty {
                bytes += piece
            }
        } catch {
            throw .content(contentError(error, provenance.digest))
        }
        let parsed: ChartProvenance
        do {
            parsed = try ChartProvenance(parsing: bytes)
        } catch {
            throw .refused(error.description)
        }
        guard archives.contains(where: parsed.names) else {
            throw .refused("its provenance file does not vouch for its archive: sign it again")
        }
    }

    private static func open(_ digest: Digest, _ openBlob: OpenBlob) throws(Stop) -> (() throws -> [UInt8]?) {
        do {
            return try openBlob(digest)
        } catch {
            throw .content(error)
        }
    }

    private static func contentError(_ cause: any Error, _ digest: Digest) -> ContentError {
        cause as? ContentError ?? .internal("blob \(digest) cannot be read: \(cause)")
    }
}
