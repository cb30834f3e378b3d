internal import Content
internal import Metadata
internal import OCIModel

/// A thread's memory of manifests it found lately: a look-up that costs no SQL and no file lock.
///
/// Valid for one generation of the metadata: the committer counts up after each change that a reader could see, and
/// the next look-up forgets everything. Belongs to one thread. Bounded by entries and by bytes.
final class ManifestCache {
    struct Key: Hashable {
        let repository: RepositoryName
        let reference: ManifestReference
    }

    private static let mostEntries = 1024
    private static let mostBytes = 2 << 20
    /// A larger manifest is rare, and its look-up is not what it costs.
    private static let largestEntry = 16 << 10

    private var entries: [Key: MetadataReader.FoundManifest] = [:]
    private var bytes = 0
    private var generation = 0

    func find(_ key: Key, _ current: Int) -> MetadataReader.FoundManifest? {
        guard generation == current else {
            forget()
            generation = current
            return nil
        }
        return entries[key]
    }

    /// Remembers what was looked up after `current` was read, so that a change meanwhile is not missed.
    func remember(_ found: MetadataReader.FoundManifest, _ key: Key, _ current: Int) {
        let size = found.manifest.bytes.count
        guard generation == current, size <= ManifestCache.largestEntry else { return }
        if entries.count >= ManifestCache.mostEntries || bytes + size > ManifestCache.mostBytes { forget() }
        entries[key] = found
        bytes += size
    }

    private func forget() {
        guard !entries.isEmpty else { return }
        entries.removeAll(keepingCapacity: true)
        bytes = 0
    }
}
