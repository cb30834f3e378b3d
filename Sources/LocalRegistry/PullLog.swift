internal import Synchronization

/// When manifests were pulled, until the committer writes it down: a pull never waits for a write.
final class PullLog: Sendable {
    /// More manifests pulled within half a second than this are not written down.
    private static let most = 100_000

    private let pulls = Mutex<[Int64: Int64]>([:])

    func note(_ row: Int64, at time: Int64) {
        pulls.withLock { pulls in
            if pulls.count < PullLog.most || pulls[row] != nil { pulls[row] = time }
        }
    }

    func take() -> [Int64: Int64] {
        pulls.withLock { pulls in
            let taken = pulls
            pulls = [:]
            return taken
        }
    }
}
