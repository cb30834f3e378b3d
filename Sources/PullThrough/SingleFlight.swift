internal import Content
internal import Posix
internal import Synchronization

/// Does a piece of work once for however many ask for it meanwhile.
///
/// The work goes on when those who wait give up; each waits no longer than its own deadline.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private typealias Waiter = Awaited<Value>

    private let flights = Mutex<[Key: [Waiter]]>([:])
    private let pool: ThreadPool
    private let mostBehind: Int

    /// - Parameter mostBehind: what is to be done behind requests is left undone when so much is under way.
    init(_ pool: ThreadPool, mostBehind: Int = .max) {
        self.pool = pool
        self.mostBehind = mostBehind
    }

    /// Whether the work is under way.
    func isFlying(_ key: Key) -> Bool { flights.withLock { $0[key] != nil } }

    /// Whether anything is under way.
    var isBusy: Bool { flights.withLock { !$0.isEmpty } }

    /// The result of the work, begun now unless it is under way.
    ///
    /// - Throws: what the work throws; `.unavailable` with `late` when the deadline passes first.
    func value(
        _ key: Key, deadline: Duration, late: @autoclosure () -> String,
        _ work: @escaping @Sendable () async throws(ContentError) -> Value
    ) async throws(ContentError) -> Value {
        let waiter = Waiter()
        if join(key, waiter) { start(key, work) }
        return try await waiter.value(within: deadline, late: late())
    }

    /// Begins the work behind the caller, unless it is under way.
    func begin(_ key: Key, _ work: @escaping @Sendable () async throws(ContentError) -> Value) {
        guard flights.withLock({ $0.count < mostBehind }) else { return }
        if join(key, nil) { start(key, work) }
    }

    /// Whether the work must be started.
    private func join(_ key: Key, _ waiter: Waiter?) -> Bool {
        flights.withLock { flights in
            guard var waiters = flights[key] else {
                flights[key] = waiter.map { [$0] } ?? []
                return true
            }
            if let waiter {
                // Taken out first: else the array is copied for each who joins.
                flights[key] = []
                waiters.append(waiter)
                flights[key] = waiters
            }
            return false
        }
    }

    private func start(_ key: Key, _ work: @escaping @Sendable () async throws(ContentError) -> Value) {
        Task(executorPreference: pool) {
            let result = await Awaited.result(of: work)
            let waiters = self.flights.withLock { $0.removeValue(forKey: key) } ?? []
            for waiter in waiters { waiter.resume(result) }
        }
    }
}

/// One who waits for a result, no longer than a deadline.
final class Awaited<Value: Sendable>: Sendable {
    private struct State {
        var result: Result<Value, ContentError>?
        var waiting: CheckedContinuation<Result<Value, ContentError>, Never>?
    }

    private let state = Mutex(State())

    /// The result of work that nobody else waits for; it goes on when the deadline has passed.
    ///
    /// - Throws: what the work throws; `.unavailable` with `late` when the deadline passes first.
    static func value(
        within deadline: Duration, on pool: ThreadPool, late: @autoclosure () -> String,
        _ work: @escaping @Sendable () async throws(ContentError) -> Value
    ) async throws(ContentError) -> Value {
        let waiter = Awaited<Value>()
        Task(executorPreference: pool) { waiter.resume(await result(of: work)) }
        return try await waiter.value(within: deadline, late: late())
    }

    static func result(
        of work: @Sendable () async throws(ContentError) -> Value
    ) async -> Result<Value, ContentError> {
        do throws(ContentError) {
            return .success(try await work())
        } catch {
            return .failure(error)
        }
    }

    /// Waits for `resume`.
    ///
    /// - Throws: what it was resumed with; `.unavailable` with `late` when the deadline passes first.
    func value(within deadline: Duration, late: String) async throws(ContentError) -> Value {
        let timer = Task {
            do { try await Task.sleep(for: deadline) } catch { return }
            resume(.failure(.unavailable(late)))
        }
        defer { timer.cancel() }
        let result = await withCheckedContinuation { continuation in
            let known = state.withLock { state in
                if state.result == nil { state.waiting = continuation }
                return state.result
            }
            if let known { continuation.resume(returning: known) }
        }
        return try result.get()
    }

    /// Gives the result; the first one counts.
    func resume(_ result: Result<Value, ContentError>) {
        let waiting = state.withLock { state -> CheckedContinuation<Result<Value, ContentError>, Never>? in
            guard state.result == nil else { return nil }
            state.result = result
            return state.waiting.take()
        }
        waiting?.resume(returning: result)
    }
}

/// Lets so many through at a time; so many others wait in line.
final class Turnstile: Sendable {
    private struct State {
        var free: Int
        var line: [CheckedContinuation<Bool, Never>] = []
        var served = 0
    }

    private let state: Mutex<State>
    private let waiting: Int

    init(_ count: Int, waiting: Int = .max) {
        state = Mutex(State(free: max(1, count)))
        self.waiting = waiting
    }

    /// Waits for a place, which `leave` gives back; false at once when the line is full.
    func enter() async -> Bool {
        await withCheckedContinuation { continuation in
            let isIn = state.withLock { state -> Bool? in
                guard state.free > 0 else {
                    guard state.line.count - state.served < waiting else { return false }
                    state.line.append(continuation)
                    return nil
                }
                state.free -= 1
                return true
            }
            if let isIn { continuation.resume(returning: isIn) }
        }
    }

    /// Gives a place back.
    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard state.served < state.line.count else {
                state.line.removeAll(keepingCapacity: true)
                state.served = 0
                state.free += 1
                return nil
            }
            state.served += 1
            let next = state.line[state.served - 1]
            // A line that never ends must not keep those who have left it.
            if state.served >= 1024 {
                state.line.removeFirst(state.served)
                state.served = 0
            }
            return next
        }
        next?.resume(returning: true)
    }
}
