internal import Posix

/// The orders to a server's janitor thread, and its answer when everything has ended.
final class Control: Sendable {
    private struct State {
        /// When the stop must be over, once one was asked for.
        var deadline: UInt64?
        var isWoken = false
        /// Whether every request got its answer, once the server has stopped.
        var outcome: Bool?
        var waiters: [CheckedContinuation<Bool, Never>] = []
    }

    private let state = Condition(State())

    /// Asks for a stop by a time; an earlier time than before counts.
    ///
    /// Returns when everything has ended.
    func stop(by deadline: UInt64) async -> Bool {
        await withCheckedContinuation { continuation in
            var outcome: Bool?
            state.updateAll { state in
                state.deadline = min(state.deadline ?? .max, deadline)
                outcome = state.outcome
                if outcome == nil { state.waiters.append(continuation) }
            }
            if let outcome { continuation.resume(returning: outcome) }
        }
    }

    /// Asks for a stop without waiting for it.
    func abort() {
        state.updateAll { $0.deadline = 0 }
    }

    /// Lets the janitor look around now.
    func wake() {
        state.updateAll { $0.isWoken = true }
    }

    /// Waits for an order, at most so long; returns the time a stop must be over, nil while none was asked for.
    func next(within interval: Duration) -> UInt64? {
        state.wait(timeout: interval) { state, isLate -> UInt64?? in
            guard isLate || state.isWoken || state.deadline != nil else { return nil }
            state.isWoken = false
            return .some(state.deadline)
        }
    }

    /// Waits while a stop is under way, until something changes.
    func rest(_ interval: Duration) {
        state.wait(timeout: interval) { state, isLate -> Void? in
            guard isLate || state.isWoken else { return nil }
            state.isWoken = false
            return ()
        }
    }

    /// The present deadline of the stop.
    var deadline: UInt64 {
        state.wait { state, _ in state.deadline ?? .max }
    }

    /// Tells everyone who waits for the stop how it went.
    func finish(_ outcome: Bool) {
        var waiters: [CheckedContinuation<Bool, Never>] = []
        state.updateAll { state in
            state.outcome = outcome
            waiters = state.waiters
            state.waiters = []
        }
        for waiter in waiters { waiter.resume(returning: outcome) }
    }
}
