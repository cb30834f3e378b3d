internal import Synchronization

/// Lets so many in at a time; the others wait in line, the first come first.
final class Turnstile: Sendable {
    private struct State {
        var free: Int
        var line: [(ticket: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
        var lastTicket: UInt64 = 0
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: max(1, count)))
    }

    /// Waits for a place; `leave` gives it back.
    ///
    /// - Throws: when the task is cancelled; then there is nothing to give back.
    func enter() async throws(CancellationError) {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        let isIn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let hasPlace = state.withLock { state in
                    guard state.free > 0 else {
                        state.line.append((ticket, continuation))
                        return false
                    }
                    state.free -= 1
                    return true
                }
                if hasPlace { continuation.resume(returning: true) }
                // The handler may have run before there was anybody in line.
                if Task.isCancelled { drop(ticket) }
            }
        } onCancel: {
            drop(ticket)
        }
        guard isIn else { throw CancellationError() }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.line.isEmpty else {
                state.free += 1
                return nil
            }
            return state.line.removeFirst().continuation
        }
        next?.resume(returning: true)
    }

    private func drop(_ ticket: UInt64) {
        let dropped = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard let index = state.line.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.line.remove(at: index).continuation
        }
        dropped?.resume(returning: false)
    }
}
