public import Archive
import Codecs
import HelmModel
public import OCIModel
import YAML

/// Reads charts.
public enum ChartArchiveReader {
    /// The largest `Chart.yaml` or `requirements.yaml` that is read, in bytes: 1 MiB.
    public static let maximumMetadataBytes: Int64 = 1 << 20
    /// The largest archive that `measure` reads, in bytes: 64 MiB.
    public static let maximumArchiveBytes: Int64 = 64 << 20

    /// Reads a chart from a source that gives the archive's next bytes on each call, and nil behind the last.
    ///
    /// One pass; memory for one piece, the metadata, and the list of files. The source is not read behind the tar
    /// archive's end: `measure` does that.
    /// - Throws: `ChartArchiveError`, `.archive(.source)` when the source throws.
    public static func read(
        limits: ArchiveLimits = ArchiveLimits(), nextPiece: @escaping () throws -> [UInt8]?
    ) throws(ChartArchiveError) -> PackagedChart {
        var entries = try ChartEntries(limits: limits, nextPiece: nextPiece)
        var contents = Contents()
        while let file = try entries.next() { try contents.take(file, from: &entries) }
        return try contents.chart(newestModificationTime: entries.newestModificationTime)
    }

    /// Reads a chart from bytes in memory.
    ///
    /// - Throws: `ChartArchiveError`.
    public static func read(
        _ bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits()
    ) throws(ChartArchiveError) -> PackagedChart {
        var rest: [UInt8]? = bytes
        return try read(limits: limits) { rest.take() }
    }

    /// Reads a chart and measures its archive on the way: SHA-256 and size of all bytes, those behind the tar archive's
    /// end too.
    ///
    /// One pass, memory as for `read`.
    /// - Throws: `ChartArchiveError`, `.archive(.source)` when the source throws, `.archiveTooLarge` when there are more
    ///   than `maximumBytes`.
    public static func measure(
        limits: ArchiveLimits = ArchiveLimits(), maximumBytes: Int64 = maximumArchiveBytes,
        nextPiece: @escaping () throws -> [UInt8]?
    ) throws(ChartArchiveError) -> MeasuredChart {
        let meter = ByteMeter(maximumBytes: maximumBytes, nextPiece: nextPiece)
        do throws(ChartArchiveError) {
            let chart = try read(limits: limits) { try meter.next() }
            return MeasuredChart(chart: chart, sha256: try meter.finish(), size: meter.size)
        } catch {
            guard case .archive(.source(let cause)) = error, cause is ByteMeter.Excess else { throw error }
            throw .archiveTooLarge(limit: maximumBytes)
        }
    }
}

/// A chart and what its archive measures.
public struct MeasuredChart: Sendable {
    /// The chart.
    public let chart: PackagedChart
    /// The SHA-256 of the archive.
    public let sha256: Digest
    /// The archive's size in bytes.
    public let size: Int64
}

/// Hashes and counts what passes.
///
/// For one thread at a time.
private final class ByteMeter {
    /// There were more bytes than allowed.
    struct Excess: Error {}

    private let hasher = ContentHasher(.sha256)
    private let maximumBytes: Int64
    private let nextPiece: () throws -> [UInt8]?
    private var isOver = false
    private(set) var size: Int64 = 0

    init(maximumBytes: Int64, nextPiece: @escaping () throws -> [UInt8]?) {
        self.maximumBytes = maximumBytes
        self.nextPiece = nextPiece
    }

    func next() throws -> [UInt8]? {
        guard !isOver, let piece = try nextPiece(), !piece.isEmpty else {
            isOver = true
            return nil
        }
        size += Int64(piece.count)
        guard size <= maximumBytes else { throw Excess() }
        hasher.update(piece.span)
        return piece
    }

    /// Reads the rest and gives the hash.
    func finish() throws(ChartArchiveError) -> Digest {
        do {
            while try next() != nil {}
        } catch {
            throw .archive(.source(error))
        }
        guard let digest = Digest(.sha256, hash: hasher.finish()) else {
            throw .archive(.malformed("it cannot be hashed"))
        }
        return digest
    }
}

/// What one pass over the archive collects.
private struct Contents {
    private var chartFile: (directory: String, bytes: [UInt8])?
    private var requirementsFile: [UInt8]?
    private var files: [PackagedFile] = []

    mutating func take(_ file: ChartEntries.File, from entries: inout ChartEntries) throws(ChartArchiveError) {
        files.append(PackagedFile(path: file.entry.path, size: file.entry.size))
        let limit = ChartArchiveReader.maximumMetadataBytes
        switch file.path {
        case "Chart.yaml":
            guard chartFile == nil else { throw .duplicate("Chart.yaml") }
            chartFile = (file.directory, try entries.data(of: file, maximumBytes: limit))
        case "requirements.yaml":
            guard requirementsFile == nil else { throw .duplicate("requirements.yaml") }
            requirementsFile = try entries.data(of: file, maximumBytes: limit)
        default: break
        }
    }

    func chart(newestModificationTime: Int64) throws(ChartArchiveError) -> PackagedChart {
        guard let (directory, bytes) = chartFile else { throw .noChart }
        let chart = try ChartYAML.tree(bytes, file: "Chart.yaml")
        var requirements: JSONValue?
        if let requirementsFile { requirements = try ChartYAML.tree(requirementsFile, file: "requirements.yaml") }
        do {
            return PackagedChart(
                metadata: try ChartMetadata(chart: chart, requirements: requirements), directory: directory,
                newestModificationTime: newestModificationTime, files: files)
        } catch {
            throw .metadata(error)
        }
    }
}
