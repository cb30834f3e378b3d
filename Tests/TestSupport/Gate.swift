import Posix

/// Something a scripted server waits for. Opens once, stays open.
public final class Gate: Sendable {
    private let state = Condition(false)

    public init() {}

    public func open() {
        state.updateAll { $0 = true }
    }

    /// Blocks the calling thread until it is opened; ten seconds at most, so that no failing test hangs for ever.
    func wait() {
        state.wait(timeout: .seconds(10)) { isOpen, isLate in isOpen || isLate ? () : nil }
    }
}
