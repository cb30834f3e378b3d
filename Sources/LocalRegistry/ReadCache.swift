internal import BlobStorage
internal import Content
internal import Metadata
internal import OCIModel
internal import Posix

/// A thread's memory of what it found lately: a look-up that costs no SQL and no file locks (5 µs less a request).
///
/// Valid for one generation of the metadata: the committer counts up after each change that a reader could see, and
/// the next look-up forgets everything. Belongs to one thread. Bounded by entries and by bytes.
final class ReadCache {
    struct ManifestKey: Hashable {
        let repository: RepositoryName
        let reference: ManifestReference
    }

    struct TagKey: Hashable {
        let repository: RepositoryName
        let tag: Tag
    }

    struct BlobKey: Hashable {
        let repository: RepositoryName
        let digest: Digest
    }

    struct Blob {
        let locks: AttributeLocks
        let size: Int64
        /// The blob's file, kept open while it is small and wanted; a deletion forgets it with all the rest.
        var file: BlobFile?
    }

    private static let mostManifests = 1024
    private static let mostOrigins = 1024
    private static let mostBlobs = 4096
    /// A larger blob costs so much to send that opening it costs nothing.
    private static let largestOpenBlob: Int64 = 256 << 10
    private static let mostBytes = 2 << 20
    /// A larger manifest is rare, and its look-up is not what it costs.
    private static let largestManifest = 16 << 10

    private var manifests: [ManifestKey: MetadataReader.FoundManifest] = [:]
    private var origins: [TagKey: TagOrigin?] = [:]
    private var blobs: [BlobKey: Blob] = [:]
    /// The blobs whose files are open, the oldest at `nextOpen` once all places are taken.
    private var open: [BlobKey] = []
    private var nextOpen = 0
    /// A sixteenth of the descriptors the process may have, 1024 at the most.
    private let mostOpen = min(1024, DescriptorLimit.current / 16)
    private var bytes = 0
    private var generation = 0

    /// Forgets everything unless it is of the current generation.
    ///
    /// `current` must be read before the look-up whose result is then remembered, so that no change is missed.
    func enter(_ current: Int) {
        guard generation != current else { return }
        generation = current
        if !manifests.isEmpty { manifests.removeAll(keepingCapacity: true) }
        if !origins.isEmpty { origins.removeAll(keepingCapacity: true) }
        forgetBlobs()
        bytes = 0
    }

    /// Where a tag comes from: nil when nobody looked, a nil inside when it was pushed here.
    func origin(_ key: TagKey) -> TagOrigin?? { origins[key] }

    func remember(_ origin: TagOrigin?, _ key: TagKey) {
        if origins.count >= ReadCache.mostOrigins { origins.removeAll(keepingCapacity: true) }
        origins[key] = .some(origin)
    }

    private func forgetBlobs() {
        guard !blobs.isEmpty else { return }
        blobs.removeAll(keepingCapacity: true)
        open.removeAll(keepingCapacity: true)
        nextOpen = 0
    }

    subscript(key: ManifestKey) -> MetadataReader.FoundManifest? { manifests[key] }

    subscript(key: BlobKey) -> Blob? { blobs[key] }

    func remember(_ found: MetadataReader.FoundManifest, _ key: ManifestKey) {
        let size = found.manifest.bytes.count
        guard size <= ReadCache.largestManifest else { return }
        if manifests.count >= ReadCache.mostManifests || bytes + size > ReadCache.mostBytes {
            manifests.removeAll(keepingCapacity: true)
            bytes = 0
        }
        manifests[key] = found
        bytes += size
    }

    func remember(_ blob: Blob, _ key: BlobKey) {
        if blobs.count >= ReadCache.mostBlobs { forgetBlobs() }
        blobs[key] = blob
    }

    /// Keeps a small blob's file open for the next reader; the oldest makes room.
    func keepOpen(_ file: BlobFile, _ key: BlobKey) -> Bool {
        guard file.size <= ReadCache.largestOpenBlob, mostOpen > 0, blobs[key] != nil else { return false }
        if open.count < mostOpen {
            open.append(key)
        } else {
            blobs[open[nextOpen]]?.file = nil
            open[nextOpen] = key
            nextOpen = (nextOpen + 1) % mostOpen
        }
        blobs[key]?.file = file
        return true
    }
}
