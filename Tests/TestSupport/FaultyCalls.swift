public import Posix
internal import Synchronization

/// System calls of which one fails on purpose, with a record of all that were asked for.
///
/// Run work with `failAt` 1, 2, 3, … until `hasFired` stays false: then every call has failed once.
public final class FaultyCalls: Sendable {
    /// One call that asked.
    public struct Call: Equatable, Sendable, CustomStringConvertible {
        public var kind: SystemCall
        /// The path it was made on.
        public var object: String

        public init(_ kind: SystemCall, _ object: String) {
            self.kind = kind
            self.object = object
        }

        public var description: String { "\(kind) \(object)" }
    }

    private struct State {
        var failAt: Int?
        var count = 0
        var hasFired = false
        var calls: [Call] = []
    }

    private let kinds: Set<SystemCall>
    private let code: CInt
    private let state: Mutex<State>

    /// Calls of which the `failAt`-th (from 1) of the given kinds fails with `code`, 28 being ENOSPC; nil fails none.
    public init(failAt: Int? = nil, only kinds: Set<SystemCall> = Set(SystemCall.allCases), code: CInt = 28) {
        self.kinds = kinds
        self.code = code
        state = Mutex(State(failAt: failAt))
    }

    /// What to hand to the code under test.
    public var calls: SystemCalls { SystemCalls { self.fault($0, $1) } }

    /// How many calls of the given kinds were asked for.
    public var count: Int { state.withLock { $0.count } }

    /// Whether a call was made to fail.
    public var hasFired: Bool { state.withLock { $0.hasFired } }

    /// All calls of every kind so far, in order.
    public var record: [Call] { state.withLock { $0.calls } }

    /// Forgets the record and lets the `failAt`-th call from now on fail.
    public func rearm(failAt: Int? = nil) {
        state.withLock { $0 = State(failAt: failAt) }
    }

    private func fault(_ kind: SystemCall, _ object: String) -> CInt? {
        state.withLock { state in
            state.calls.append(Call(kind, object))
            guard kinds.contains(kind) else { return nil }
            state.count += 1
            guard state.count == state.failAt else { return nil }
            state.hasFired = true
            return code
        }
    }
}
