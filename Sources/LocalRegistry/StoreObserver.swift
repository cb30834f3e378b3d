/// What the store tells of its work, for metrics and logs.
///
/// Called on the committer's thread; must not block.
public struct StoreObserver: Sendable {
    /// The bytes of so many blobs were flushed in this time.
    public var didFlush: @Sendable (Duration, Int) -> Void
    /// A transaction was committed in this time, its flush included.
    public var didCommit: @Sendable (Duration) -> Void
    /// Something failed that no request waits for.
    public var didFail: @Sendable (String) -> Void
    /// Start-up settled something a dead process left.
    public var didRecover: @Sendable (String) -> Void

    /// An observer that looks away.
    public init(
        didFlush: @escaping @Sendable (Duration, Int) -> Void = { _, _ in },
        didCommit: @escaping @Sendable (Duration) -> Void = { _ in },
        didFail: @escaping @Sendable (String) -> Void = { _ in },
        didRecover: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.didFlush = didFlush
        self.didCommit = didCommit
        self.didFail = didFail
        self.didRecover = didRecover
    }
}
