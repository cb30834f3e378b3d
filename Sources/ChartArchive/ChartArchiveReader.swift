public import Archive
import HelmModel
import OCIModel
import YAML

/// Reads charts.
public enum ChartArchiveReader {
    /// The largest `Chart.yaml` or `requirements.yaml` that is read, in bytes: 1 MiB.
    public static let maximumMetadataBytes: Int64 = 1 << 20

    /// Reads a chart from a source that gives the archive's next bytes on each call, and nil behind the last.
    ///
    /// One pass; memory for one piece, the metadata, and the list of files. The source is not read behind the tar
    /// archive's end, so hash the bytes elsewhere.
    /// - Throws: `ChartArchiveError`, `.archive(.source)` when the source throws.
    public static func read(
        limits: ArchiveLimits = ArchiveLimits(), nextPiece: @escaping () throws -> [UInt8]?
    ) throws(ChartArchiveError) -> PackagedChart {
        var archive = try reader(limits: limits, nextPiece: nextPiece)
        var contents = Contents()
        while let entry = try nextEntry(of: &archive) { try contents.take(entry, from: &archive) }
        return try contents.chart()
    }

    private static func reader(
        limits: ArchiveLimits, nextPiece: @escaping () throws -> [UInt8]?
    ) throws(ChartArchiveError) -> ArchiveReader {
        do {
            return try ArchiveReader(limits: limits, nextPiece: nextPiece)
        } catch {
            throw .archive(error)
        }
    }

    private static func nextEntry(of archive: inout ArchiveReader) throws(ChartArchiveError) -> ArchiveEntry? {
        do {
            return try archive.nextEntry()
        } catch {
            throw .archive(error)
        }
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
}

/// What one pass over the archive collects.
private struct Contents {
    private var chartFile: (directory: String, bytes: [UInt8])?
    private var requirementsFile: [UInt8]?
    private var newestModificationTime: Int64 = 0
    private var files: [PackagedFile] = []

    mutating func take(_ entry: ArchiveEntry, from archive: inout ArchiveReader) throws(ChartArchiveError) {
        newestModificationTime = max(newestModificationTime, entry.modificationTime)
        let path = try EntryPath(entry.path)
        switch entry.kind {
        case .directory: return
        case .file: break
        case .symbolicLink: throw .kind(entry.path, problem: "a symbolic link")
        case .hardLink: throw .kind(entry.path, problem: "a hard link")
        case .special: throw .kind(entry.path, problem: "a device, a pipe or a socket")
        }
        let inside = try path.insideDirectory()
        files.append(PackagedFile(path: entry.path, size: entry.size))
        switch inside {
        case "Chart.yaml":
            guard chartFile == nil else { throw .duplicate("Chart.yaml") }
            chartFile = (path.directory, try Contents.data(of: entry, from: &archive))
        case "requirements.yaml":
            guard requirementsFile == nil else { throw .duplicate("requirements.yaml") }
            requirementsFile = try Contents.data(of: entry, from: &archive)
        default: break
        }
    }

    private static func data(
        of entry: ArchiveEntry, from archive: inout ArchiveReader
    ) throws(ChartArchiveError) -> [UInt8] {
        do {
            return try archive.remainingData(maximumBytes: ChartArchiveReader.maximumMetadataBytes, of: entry)
        } catch {
            throw .archive(error)
        }
    }

    func chart() throws(ChartArchiveError) -> PackagedChart {
        guard let (directory, bytes) = chartFile else { throw .noChart }
        let chart = try Contents.tree(bytes, file: "Chart.yaml")
        var requirements: JSONValue?
        if let requirementsFile { requirements = try Contents.tree(requirementsFile, file: "requirements.yaml") }
        do {
            return PackagedChart(
                metadata: try ChartMetadata(chart: chart, requirements: requirements), directory: directory,
                newestModificationTime: newestModificationTime, files: files)
        } catch {
            throw .metadata(error)
        }
    }

    private static func tree(_ bytes: [UInt8], file: String) throws(ChartArchiveError) -> JSONValue {
        do {
            return try YAMLDocument.parse(bytes)?.jsonValue() ?? .null
        } catch {
            throw .yaml(file: file, error)
        }
    }
}
