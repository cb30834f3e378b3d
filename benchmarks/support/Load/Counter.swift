import Synchronization

/// Numbers 0, 1, 2 …, each given once, to whichever thread asks.
package final class Counter: Sendable {
    private let value = Atomic(0)

    /// Begins with 0.
    package init() {}

    package func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// The first of so many numbers at once.
    package func next(_ count: Int) -> Int { value.wrappingAdd(count, ordering: .relaxed).oldValue }
}
