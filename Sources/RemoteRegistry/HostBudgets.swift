public import HTTPClient
internal import Synchronization

/// What each host may be asked at a time, shared by everybody in the process who asks it.
///
/// A host is scheme, name and port. So many requests are under way at once, from their sending to the end of the
/// answer's body; more wait in line, the first come first. A host that says `Retry-After` is left alone by all of them.
/// Safe to share; make one for the process.
public final class HostBudgets: Sendable {
    /// How much a host is asked.
    public struct Limits: Sendable, Equatable {
        /// How many requests at a time.
        public var requests = 16
        /// How many wait in line; one more is turned away.
        public var waiting = 1000
        /// How many requests a second, after a burst of as many; nil for no limit.
        public var requestsPerSecond: Double?
        /// The longest a host is left alone, whatever it asks for.
        public var longestPause = Duration.seconds(300)
        /// Whether the number of requests at a time follows how the host answers, up to `requests`.
        ///
        /// It begins with eight, grows while the host answers well, and is halved when it is turned away, fails, or
        /// takes much longer than it did.
        public var adapts = false
        /// How many bytes of bodies a second, both ways together, after a burst of a quarter of a second; nil for no
        /// limit.
        public var bytesPerSecond: Int64?

        /// Sixteen at a time, a thousand in line, no rate, five minutes.
        public init() {}
    }

    /// How a wait in line ended.
    fileprivate enum Outcome: Sendable {
        case entered
        case cancelled
        case late
    }

    struct Waiter {
        let ticket: UInt64
        fileprivate let continuation: CheckedContinuation<Outcome, Never>

        func enter() { continuation.resume(returning: .entered) }
    }

    struct Line {
        var running = 0
        var waiters: [Waiter] = []
        var pausedUntil: ContinuousClock.Instant?
        /// When the rate would be used up to the last.
        var spentUntil: ContinuousClock.Instant?
        /// When the bytes would be used up to the last.
        var bytesUntil: ContinuousClock.Instant?
        /// How many are let in, where that follows the answers.
        var pace: RequestPace?
        var usage = HostUsage()

        func isIdle(_ now: ContinuousClock.Instant) -> Bool {
            running == 0 && waiters.isEmpty && pausedUntil.map { $0 <= now } ?? true
                && spentUntil.map { $0 <= now } ?? true && bytesUntil.map { $0 <= now } ?? true
        }
    }

    struct State {
        var lines: [HTTPURL.Origin: Line] = [:]
        var lastTicket: UInt64 = 0
    }

    private static let keptLines = 1000
    let limits: Limits
    let timing: RetryTiming
    let state = Mutex(State())

    /// Makes budgets that nobody uses yet.
    public init(_ limits: Limits = Limits(), timing: RetryTiming = .system) {
        self.limits = limits
        self.timing = timing
    }

    /// How many requests to a host are under way and how many wait in line.
    public func load(of host: HTTPURL.Origin) -> (running: Int, waiting: Int) {
        state.withLock { state in
            let line = state.lines[host] ?? Line()
            return (line.running, line.waiters.count)
        }
    }

    /// Leaves a host alone for a while, five minutes at most by default; the longer of two pauses holds.
    public func pause(_ host: HTTPURL.Origin, for duration: Duration) {
        let end = timing.now().advanced(by: min(max(duration, .zero), limits.longestPause))
        state.withLock { state in
            let old = state.lines[host]?.pausedUntil
            state.lines[host, default: Line()].pausedUntil = old.map { max($0, end) } ?? end
        }
    }

    /// Waits until the host may be asked; the slot is to be released when the answer has come.
    ///
    /// - Throws: `.hostBusy` when the line is full, or the host is to be left alone for longer than `patience` or than
    ///   `deadline` allows; `.cancelled`.
    func slot(
        for host: HTTPURL.Origin, patience: Duration, until deadline: ContinuousClock.Instant?
    ) async throws(HTTPClientError) -> HostSlot {
        try await enter(host, until: deadline)
        // Whatever ends this function early drops the slot, which releases it.
        let slot = HostSlot { [self] in leave(host) }
        try await waitForTurn(host, patience: patience, until: deadline)
        return slot
    }

    /// Waits as `slot` does, but for no slot.
    func waitForTurn(
        _ host: HTTPURL.Origin, patience: Duration, until deadline: ContinuousClock.Instant?
    ) async throws(HTTPClientError) {
        let start = reserve(host)
        while true {
            if Task.isCancelled { throw .cancelled }
            let now = timing.now()
            let paused = state.withLock { $0.lines[host]?.pausedUntil } ?? now
            let wait = now.duration(to: max(start, paused))
            guard wait > .zero else { return }
            guard wait <= patience, deadline.map({ now.advanced(by: wait) <= $0 }) ?? true else {
                throw .hostBusy(
                    "\(host.host) has had enough requests for the moment; try again later", retryAfter: wait)
            }
            await timing.sleep(wait)
        }
    }

    /// The moment the rate allows one more request, which is then spent.
    private func reserve(_ host: HTTPURL.Origin) -> ContinuousClock.Instant {
        let now = timing.now()
        guard let rate = limits.requestsPerSecond, rate > 0 else { return now }
        let interval = Duration.seconds(1 / rate)
        let burst = interval * max(0, rate.rounded(.down) - 1)
        return state.withLock { state in
            let spent = max(state.lines[host]?.spentUntil ?? now, now)
            state.lines[host, default: Line()].spentUntil = spent.advanced(by: interval)
            return max(now, spent.advanced(by: .zero - burst))
        }
    }
}

// The line.
extension HostBudgets {
    private func enter(
        _ host: HTTPURL.Origin, until deadline: ContinuousClock.Instant?
    ) async throws(HTTPClientError) {
        if Task.isCancelled { throw .cancelled }
        let now = timing.now()
        let ticket: UInt64? = state.withLock { state in
            if state.lines.count > HostBudgets.keptLines { state.lines = state.lines.filter { !$0.value.isIdle(now) } }
            state.lastTicket += 1
            return takeRoom(&state, host) ? nil : state.lastTicket
        }
        guard let ticket else { return }
        guard load(of: host).waiting < limits.waiting else {
            throw .hostBusy("too many requests wait for \(host.host)", retryAfter: nil)
        }
        let clock = deadline.map { deadline in
            Task { [self] in
                await timing.sleep(max(.zero, timing.now().duration(to: deadline)))
                if !Task.isCancelled { drop(ticket, from: host, .late) }
            }
        }
        defer { clock?.cancel() }
        switch await wait(ticket, host) {
        case .entered: return
        case .cancelled: throw .cancelled
        case .late: throw .hostBusy("too many requests to \(host.host) are under way", retryAfter: nil)
        }
    }

    private func wait(_ ticket: UInt64, _ host: HTTPURL.Origin) async -> Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let hasEntered = state.withLock { state in
                    if takeRoom(&state, host) { return true }
                    state.lines[host, default: Line()].waiters.append(
                        Waiter(ticket: ticket, continuation: continuation))
                    return false
                }
                if hasEntered { continuation.resume(returning: .entered) }
                // The handler may have run before there was anything to drop.
                if Task.isCancelled { drop(ticket, from: host, .cancelled) }
            }
        } onCancel: {
            drop(ticket, from: host, .cancelled)
        }
    }

    /// Goes in when there is room and nobody waits.
    private func takeRoom(_ state: inout State, _ host: HTTPURL.Origin) -> Bool {
        let line = state.lines[host] ?? Line()
        guard line.running < width(of: line), line.waiters.isEmpty else { return false }
        state.lines[host, default: Line()].running += 1
        return true
    }

    private func drop(_ ticket: UInt64, from host: HTTPURL.Origin, _ outcome: Outcome) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.lines[host]?.waiters.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.lines[host]?.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: outcome)
    }

    /// Whoever waits first takes the room over, if there still is that much room.
    private func leave(_ host: HTTPURL.Origin) {
        let next = state.withLock { state -> [Waiter] in
            guard state.lines[host] != nil else { return [] }
            state.lines[host]?.running -= 1
            return letIn(&state, host)
        }
        for waiter in next { waiter.enter() }
    }

    /// Those who may go in now, in their order; they count as running already.
    func letIn(_ state: inout State, _ host: HTTPURL.Origin) -> [Waiter] {
        guard var line = state.lines[host] else { return [] }
        let count = min(line.waiters.count, max(0, width(of: line) - line.running))
        guard count > 0 else { return [] }
        let next = Array(line.waiters.prefix(count))
        line.waiters.removeFirst(count)
        line.running += count
        state.lines[host] = line
        return next
    }
}

/// The right to have one request under way; released once, at the latest when nobody holds it any more.
final class HostSlot: Sendable {
    private let end: Mutex<(@Sendable () -> Void)?>

    init(_ end: @escaping @Sendable () -> Void) {
        self.end = Mutex(end)
    }

    deinit {
        release()
    }

    /// Gives it back.
    ///
    /// Safe to repeat, on any thread.
    func release() {
        let once = end.withLock { end in
            defer { end = nil }
            return end
        }
        once?()
    }
}
