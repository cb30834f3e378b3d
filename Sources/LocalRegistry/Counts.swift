internal import Synchronization

/// Two numbers on their way from the committer's thread to the one that waits for it.
final class Counts: Sendable {
    private let numbers = Mutex<(manifests: Int64, tags: Int64)>((0, 0))

    func set(_ manifests: Int64, _ tags: Int64) {
        numbers.withLock { $0 = (manifests, tags) }
    }

    func get() -> (manifests: Int64, tags: Int64) { numbers.withLock { $0 } }
}
