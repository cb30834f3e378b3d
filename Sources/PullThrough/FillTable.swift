internal import Content
internal import OCIModel
internal import Synchronization

/// The fills under way.
final class FillTable: Sendable {
    enum Key: Hashable, Sendable {
        case blob(Digest, RepositoryName)
        case file(String, ChartNamespace)
    }

    private let fills = Mutex<[Key: Fill]>([:])

    /// Whether any is.
    var isBusy: Bool { fills.withLock { !$0.isEmpty } }

    /// The fill that is under way.
    func find(_ key: Key) -> Fill? { fills.withLock { $0[key] } }

    /// The fill under way, or a new one, which the caller must start.
    func join(_ key: Key) -> (fill: Fill, isNew: Bool) {
        fills.withLock { fills in
            if let fill = fills[key] { return (fill, false) }
            let fill = Fill()
            fills[key] = fill
            return (fill, true)
        }
    }

    /// Takes a fill out that has ended.
    func remove(_ key: Key) {
        fills.withLock { fills in fills[key] = nil }
    }
}
