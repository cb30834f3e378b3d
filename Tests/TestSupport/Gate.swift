import Posix

/// Something a scripted server waits for. Opens once, stays open.
public final class Gate: Sendable {
    private let state = Condition(false)
    private let lapsed = Condition(false)

    public init() {}

    public func open() {
        state.updateAll { $0 = true }
    }

    /// Whether somebody went on without its being opened.
    public var hasLapsed: Bool { lapsed.wait { lapsed, _ in lapsed } }

    /// Blocks the calling thread until it is opened; ten seconds at most, so that no failing test hangs for ever.
    func wait() {
        let isOpen = state.wait(timeout: .seconds(10)) { isOpen, isLate in isOpen || isLate ? isOpen : nil }
        if !isOpen { lapsed.updateAll { $0 = true } }
    }
}
