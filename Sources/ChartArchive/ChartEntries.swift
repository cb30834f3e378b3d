import Archive

/// The files of a chart's archive one by one, refused when one is a link, a device, or outside.
struct ChartEntries: ~Copyable {
    private var archive: ArchiveReader
    /// The newest modification time of the entries so far, directories included; 0 when none is later.
    private(set) var newestModificationTime: Int64 = 0
    /// How many entries were read so far, directories included.
    private(set) var entryCount = 0
    /// How many bytes those have, as they declare.
    private(set) var declaredBytes: Int64 = 0

    /// A file and where it stands.
    struct File {
        let entry: ArchiveEntry
        /// The top-level directory.
        let directory: String
        /// The path behind it, cleaned.
        let path: String
    }

    init(limits: ArchiveLimits, nextPiece: @escaping () throws -> [UInt8]?) throws(ChartArchiveError) {
        do {
            archive = try ArchiveReader(limits: limits, nextPiece: nextPiece)
        } catch {
            throw .archive(error)
        }
    }

    /// Moves to the next file; nil behind the last.
    mutating func next() throws(ChartArchiveError) -> File? {
        while let entry = try nextEntry() {
            entryCount += 1
            declaredBytes += entry.size
            newestModificationTime = max(newestModificationTime, entry.modificationTime)
            let path = try EntryPath(entry.path)
            switch entry.kind {
            case .directory: continue
            case .file: return File(entry: entry, directory: path.directory, path: try path.insideDirectory())
            case .symbolicLink: throw .kind(entry.path, problem: "a symbolic link")
            case .hardLink: throw .kind(entry.path, problem: "a hard link")
            case .special: throw .kind(entry.path, problem: "a device, a pipe or a socket")
            }
        }
        return nil
    }

    private mutating func nextEntry() throws(ChartArchiveError) -> ArchiveEntry? {
        do {
            return try archive.nextEntry()
        } catch {
            throw .archive(error)
        }
    }

    /// The bytes of the file `next()` gave last.
    mutating func data(of file: File, maximumBytes: Int64) throws(ChartArchiveError) -> [UInt8] {
        do {
            return try archive.remainingData(maximumBytes: maximumBytes, of: file.entry)
        } catch {
            throw .archive(error)
        }
    }
}
