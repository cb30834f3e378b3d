// BlobStorage: the directory of content-addressed blobs.
//
//     blobs/sha256/<hex>   a complete blob; its bytes hash to its name and survive a power cut
//     blobs/sha512/<hex>
//     ingest/<16 hex>      a slot: room for bytes on their way in, named beforehand
//     quarantine/…         bytes that an upstream gave and that do not hash to what was asked for; never served
//
// Invariant: a name under blobs/ is made by one rename of a slot whose bytes are already flushed. Slots are made in
// batches and their names flushed once a batch, so a blob costs one flush for its bytes and none for its name: until
// the directory is flushed some time later, the metadata remembers which slot becomes which blob, and start-up moves
// it again. Never looks inside a blob. Thread rule: every method may be called from any thread; an `IngestFile` has
// one user at a time.

public import OCIModel
public import Posix

/// The blobs of one store.
public final class BlobStore: Sendable {
    private let sha256: Directory
    private let sha512: Directory
    let ingest: Directory
    let slots: SlotPool
    let quarantine: Quarantine
    /// Whether one flush of the file system may stand for the flushes of many files.
    private let flushesFileSystem: Bool

    /// Opens the directories below `root`, making what is missing.
    public init(root: String, calls: SystemCalls = .real) throws(SystemError) {
        sha256 = try Directory(creating: root + "/blobs/sha256", calls: calls)
        sha512 = try Directory(creating: root + "/blobs/sha512", calls: calls)
        ingest = try Directory(creating: root + "/ingest", calls: calls)
        slots = SlotPool(directory: ingest)
        quarantine = Quarantine(root: root, ingest: ingest, calls: calls)
        flushesFileSystem = Directory.reportsFileSystemErrors
    }

    func directory(of algorithm: DigestAlgorithm) -> Directory {
        switch algorithm {
        case .sha256: sha256
        case .sha512: sha512
        }
    }

    /// Opens a blob for reading.
    ///
    /// - Throws: `SystemError`; `isNotFound` when there is no such file.
    public func open(_ digest: Digest) throws(SystemError) -> BlobFile {
        let descriptor = try directory(of: digest.algorithm).openDescriptor(digest.hex, .read)
        return BlobFile(try OpenFile(descriptor: descriptor, name: digest.description))
    }

    /// Opens a slot for reading: where a blob's bytes are until they have their name.
    public func open(slot: String) throws(SystemError) -> BlobFile {
        BlobFile(try OpenFile(descriptor: try ingest.openDescriptor(slot, .read), name: slot))
    }

    /// Whether a blob's file exists, and its size in bytes.
    public func size(of digest: Digest) throws(SystemError) -> Int64? {
        try directory(of: digest.algorithm).size(of: digest.hex)
    }

    /// The size of what a slot holds, or nil when there is no such slot.
    public func ingestSize(of slot: String) throws(SystemError) -> Int64? {
        try ingest.size(of: slot)
    }

    /// Sets an empty slot aside for bytes to come.
    public func reserveSlot() throws(SystemError) -> String {
        try slots.take()
    }

    /// Begins to take bytes.
    public func beginIngest(_ algorithm: DigestAlgorithm) throws(SystemError) -> IngestFile {
        let slot = try slots.take()
        do {
            return IngestFile(
                slot: slot, file: try ingest.open(slot, .readWrite), algorithm: algorithm, length: 0)
        } catch {
            slots.giveBack(slot)
            throw error
        }
    }

    /// Goes on taking bytes into a slot that holds `length` good ones; the hash is made again from them.
    ///
    /// What a failed write left behind them is cut off.
    public func resumeIngest(slot: String, _ algorithm: DigestAlgorithm, length: Int64) throws(SystemError)
        -> IngestFile
    {
        let file = try ingest.open(slot, .readWrite)
        if try file.size() > length { try file.truncate(to: length) }
        let ingest = IngestFile(slot: slot, file: file, algorithm: algorithm, length: length)
        try ingest.resume()
        return ingest
    }

    /// Begins to take bytes that others read meanwhile: the slot's file is never used again for other bytes.
    public func beginSharedIngest(_ algorithm: DigestAlgorithm) throws(SystemError) -> IngestFile {
        let ingest = try beginIngest(algorithm)
        slots.keepToItself(ingest.slot)
        return ingest
    }

    /// Opens the slot of a shared ingest; the caller closes the descriptor, which stays good whatever becomes of the
    /// slot.
    ///
    /// - Throws: `SystemError`; `isNotFound` when the ingest is over.
    public func openReader(slot: String) throws(SystemError) -> Int32 {
        try ingest.openDescriptor(slot, .read)
    }

    /// Opens a blob's file; the caller closes the descriptor.
    public func openReader(_ digest: Digest) throws(SystemError) -> Int32 {
        try directory(of: digest.algorithm).openDescriptor(digest.hex, .read)
    }

    /// Sets the bytes of a slot aside, because they are not what they should be; the slot is gone.
    ///
    /// Gives the file's path below the store; nil when they were thrown away instead: they are too many, or the disk
    /// does not allow it.
    public func setAside(slot: String, notBeing digest: Digest) -> String? {
        if let name = quarantine.take(slot: slot, notBeing: digest) {
            slots.forget(slot)
            return name
        }
        discard(slot: slot)
        return nil
    }

    /// Throws away what was taken; the slot is used again.
    public func discard(slot: String) {
        slots.giveBack(slot)
    }

    /// Makes the bytes of staged blobs durable: one flush each for a few, one for all of them for many.
    ///
    /// Gives the slots whose bytes are not durable, with the reason. When the one flush for all fails, each blob has
    /// its own. A slot's own flush is never repeated: the kernel reports a lost page once and then takes it for clean
    /// (fsync(2)), so a second flush would succeed over lost bytes.
    public func flush(_ staged: [StagedBlob]) -> [String: SystemError] {
        let unflushed = staged.filter { !$0.isFlushed }
        if unflushed.count >= 3, flushesFileSystem {
            do throws(SystemError) {
                try ingest.syncFileSystem()
                return [:]
            } catch {
                // It may have failed for a file that is not ours. Each file's own flush tells.
            }
        }
        var failures: [String: SystemError] = [:]
        for blob in unflushed {
            do throws(SystemError) {
                try ingest.open(blob.slot, .readWrite).syncData()
            } catch {
                failures[blob.slot] = error
            }
        }
        return failures
    }

    /// Makes everything on the store's file system durable, the metadata included.
    public func flushFileSystem() throws(SystemError) {
        try ingest.syncFileSystem()
    }

    /// Gives a flushed slot its blob's name.
    ///
    /// The name is durable after the next `flushNames()`.
    public func promote(slot: String, to digest: Digest) throws(SystemError) {
        try ingest.rename(slot, to: digest.hex, in: directory(of: digest.algorithm))
        slots.forget(slot)
    }

    /// Makes the names that `promote` and `remove` changed durable.
    public func flushNames(_ algorithms: Set<DigestAlgorithm>) throws(SystemError) {
        for algorithm in algorithms.sorted(by: { $0.rawValue < $1.rawValue }) {
            try directory(of: algorithm).sync()
        }
    }

    /// Removes a blob's file.
    ///
    /// Readers that have it open go on reading.
    public func remove(_ digest: Digest) throws(SystemError) {
        try directory(of: digest.algorithm).remove(digest.hex)
    }

    /// Settles the slots a dead process left: those named in `kept` stay, all others are empty room again.
    public func recoverSlots(keeping kept: Set<String>) throws(SystemError) {
        try slots.recover(keeping: kept)
    }

    /// Bytes free on the store's file system.
    public func freeBytes() throws(SystemError) -> Int64 {
        try ingest.freeBytes()
    }
}

/// A blob whose bytes are complete, in a slot.
public struct StagedBlob: Sendable, Hashable {
    /// The slot.
    public let slot: String
    /// The address of the bytes.
    public let digest: Digest
    /// Their number.
    public let size: Int64
    /// Whether they have been flushed already.
    public let isFlushed: Bool
}
