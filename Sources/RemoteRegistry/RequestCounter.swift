internal import Synchronization

/// Counts requests; shared by all senders of one client.
package final class RequestCounter: Sendable {
    private let total = Atomic<Int64>(0)

    package init() {}

    /// How many so far.
    package var count: Int64 { total.load(ordering: .relaxed) }

    func add() { total.add(1, ordering: .relaxed) }
}
