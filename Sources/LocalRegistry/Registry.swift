// LocalRegistry: blobs and metadata as one end of Content: the store.
//
//     <data>/lock             held by the process that writes; its text says who
//     <data>/metadata.sqlite  Metadata
//     <data>/blobs, ingest    BlobStorage, and quarantine beside them
//
// The only writer of both. Invariant: content first, then the row that names it; rows first when deleting. Reads are
// plain functions on the caller's thread through a connection of that thread; writes go through the committer.

internal import BlobStorage
public import Content
public import Metadata
internal import OCIModel
public import Posix
internal import SQLite

/// How a store is opened.
public struct RegistryOptions: Sendable {
    /// Acknowledge before the flush.
    ///
    /// A power cut may then take the last seconds. Never the default.
    public var isRelaxed = false
    /// Take indexes that name manifests the repository does not hold.
    public var allowsSparseIndexes = false
    /// The largest manifest, in bytes.
    public var maximumManifestBytes = 4 << 20
    /// The largest blob, in bytes.
    public var maximumBlobBytes: Int64 = 20 << 30
    /// How many upload sessions one client may have open.
    public var sessionsPerClient = 256
    /// How many upload sessions may be open in all.
    public var sessions = 4096
    /// An upload session that nobody touched for so long is forgotten.
    public var sessionExpiry: Duration = .seconds(24 * 3600)
    /// What the store tells of its work.
    public var observer = StoreObserver()
    /// The system calls; a test's may fail.
    public var calls = SystemCalls.real
    /// The time in microseconds since 1970.
    public var now: @Sendable () -> Int64 = WallClock.now

    /// The defaults.
    public init() {}
}

/// A store in a directory.
public final class Registry: Sendable {
    let blobs: BlobStore
    let committer: Committer
    let uploads: UploadTable
    let options: RegistryOptions
    private let lock: FileLock
    private let metadataPath: String
    private let readers = ThreadLocal<MetadataReader>()
    private let caches = ThreadLocal<ReadCache>()

    /// Counts up after each commit that a reader could see.
    let generation: Generation
    private let pulls: PullLog
    let checks: CheckLog

    /// Opens or makes the store in a directory, takes its lock, and settles what a dead process left.
    ///
    /// Costs one look at the moves and sessions that were under way, not a look at the store.
    /// - Throws: `.denied` when another process has it open, `.storageFull`, `.corrupt`, `.internal`.
    public init(at directory: String, _ options: RegistryOptions = RegistryOptions()) throws(ContentError) {
        let writer: MetadataWriter
        do {
            _ = try Directory(creating: directory, calls: options.calls)
            guard let lock = try FileLock.take(directory + "/lock") else {
                throw ContentError.denied(
                    "the store \(directory) is in use by \(Registry.holder(of: directory) ?? "another process")")
            }
            self.lock = lock
            try lock.write("pid \(Registry.processID)\n")
            blobs = try BlobStore(root: directory, calls: options.calls)
            try Registry.markLayout(directory, options.calls)
            Connection.prepareProcess()
            metadataPath = directory + "/metadata.sqlite"
            try Registry.makePrivate("metadata.sqlite", in: directory, options.calls)
            writer = try MetadataWriter(path: metadataPath)
            uploads = UploadTable(options)
            try Recovery(writer: writer, blobs: blobs, uploads: uploads, options: options).run()
            try ChartBacklog(writer: writer, blobs: blobs, observer: options.observer).run()
            let generation = Generation()
            self.generation = generation
            let pulls = PullLog()
            self.pulls = pulls
            let checks = CheckLog()
            self.checks = checks
            committer = try Committer(
                CommitterState(
                    writer: writer, blobs: blobs, uploads: uploads, pulls: pulls, checks: checks,
                    generation: generation, options: options))
        } catch let error as ContentError {
            throw error
        } catch {
            throw .storageFull("the store \(directory) cannot be opened: \(error)")
        }
        self.options = options
    }

    /// The text the process that holds a store's lock wrote: its number and where it listens; nil when unknown.
    public static func holder(of directory: String) -> String? {
        FileLock.read(directory + "/lock").map { text in
            String(text.split(separator: "\n").joined(separator: ", "))
        }
    }

    /// Adds to the lock file where this process serves the store, so that others can find it.
    public func announce(_ address: String) throws(ContentError) {
        do {
            try lock.write("pid \(Registry.processID)\n\(address)\n")
        } catch {
            throw .storageFull("the store's lock file cannot be written: \(error)")
        }
    }

    /// Where the process that holds the store serves it, as it announced; nil when it does not.
    public static func announcedAddress(of directory: String) -> String? {
        guard let text = FileLock.read(directory + "/lock") else { return nil }
        let lines = text.split(separator: "\n")
        return lines.count >= 2 ? String(lines[1]) : nil
    }

    /// Finishes what is under way and closes the store.
    ///
    /// Blocks for a flush; later writes are refused.
    public func close() {
        committer.close()
        // Nobody serves it any more; an address that cannot be taken away misleads and harms nothing.
        try? lock.write("pid \(Registry.processID)\n")
    }

    /// The calling thread's view of the metadata.
    func reader() throws(ContentError) -> MetadataReader {
        try readers.value { () throws(ContentError) in try MetadataReader(path: metadataPath) }
    }

    /// What the calling thread remembers of the current generation.
    func cache() -> ReadCache {
        let cache = caches.value { ReadCache() }
        cache.enter(generation.current)
        return cache
    }

    func notePull(_ row: Int64) {
        pulls.note(row, at: options.now())
    }

    /// What the store holds in all.
    public func totals() throws(ContentError) -> MetadataReader.Totals {
        try reader().totals()
    }

    /// Writes in line for the committer.
    package var waitingWrites: Int { committer.waiting }

    /// Upload sessions open now.
    public var openSessions: Int { uploads.count }

    /// Whether the store can be written: its file system has room for more than a manifest.
    public func checkWritable() throws(ContentError) {
        do {
            let free = try blobs.freeBytes()
            guard free > 16 << 20 else {
                throw ContentError.storageFull("the store's disk has \(free) bytes left; free some space")
            }
        } catch let error as ContentError {
            throw error
        } catch {
            throw .storageFull("the store's disk does not answer: \(error)")
        }
    }

    private static var processID: Int32 { ProcessIdentity.number }

    /// SQLite would make its files readable to everyone; those beside the first take over its mode.
    private static func makePrivate(_ name: String, in directory: String, _ calls: SystemCalls) throws(SystemError) {
        let root = try Directory(creating: directory, calls: calls)
        if try root.size(of: name) == nil { try root.open(name, .createNew).close() }
    }

    /// The marker of an OCI image layout (image-spec v1.1.1 `image-layout.md`), so that tools know the folder.
    private static func markLayout(_ directory: String, _ calls: SystemCalls) throws(SystemError) {
        let root = try Directory(creating: directory, calls: calls)
        let text = Array("{\"imageLayoutVersion\":\"1.0.0\"}\n".utf8)
        guard try root.size(of: "oci-layout") != Int64(text.count) else { return }
        try root.remove("oci-layout.new")
        let file = try root.open("oci-layout.new", .createNew)
        try file.write(text.span)
        try file.syncData()
        try file.close()
        try root.rename("oci-layout.new", to: "oci-layout", in: root)
        try root.sync()
    }
}
