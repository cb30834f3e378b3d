internal import Synchronization

/// Places for a few at a time; who comes first gets one first.
final class RunSlots: Sendable {
    private struct State {
        var free: Int
        var line: [(number: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
        var next: UInt64 = 0
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        precondition(count > 0, "without a place nobody ever runs")
        state = Mutex(State(free: count))
    }

    /// Takes a place if one is free.
    func takeAtOnce() -> Bool {
        state.withLock { state in
            guard state.free > 0 else { return false }
            state.free -= 1
            return true
        }
    }

    /// Waits for a place; false when the task was cancelled before there was one.
    func take() async -> Bool {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.line.append((number, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                state.line.firstIndex { $0.number == number }.map { state.line.remove(at: $0).continuation }
            }
            waiting?.resume(returning: false)
        }
    }

    /// Gives a place back, to whoever waits longest.
    func give() {
        let waiting = state.withLock { state in
            guard !state.line.isEmpty else {
                state.free += 1
                return nil as CheckedContinuation<Bool, Never>?
            }
            return state.line.removeFirst().continuation
        }
        waiting?.resume(returning: true)
    }
}

/// What becomes of something, told once to whoever waits for it.
final class Told<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiting: [CheckedContinuation<Value, Never>] = []
    }

    private let state = Mutex(State())

    /// Tells it; only the first time counts.
    func tell(_ value: Value) {
        let waiting = state.withLock { state in
            guard state.value == nil else { return [] as [CheckedContinuation<Value, Never>] }
            state.value = value
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: value) }
    }

    /// Waits until it was told.
    func heard() async -> Value {
        await withCheckedContinuation { continuation in
            let value = state.withLock { state in
                if state.value == nil { state.waiting.append(continuation) }
                return state.value
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}
