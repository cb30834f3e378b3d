internal import Synchronization

/// How many changes a reader could have seen: what a thread remembers is good for one of these.
final class Generation: Sendable {
    private let count = Atomic<Int>(0)

    /// The count now.
    ///
    /// Read before the look-up whose result is to be remembered.
    var current: Int { count.load(ordering: .acquiring) }

    /// Counts a change: after its commit, before anyone is told of it.
    func advance() { count.wrappingAdd(1, ordering: .releasing) }
}
