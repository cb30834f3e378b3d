internal import Content
internal import Synchronization

/// Keeps a sick upstream from being asked: after a few failures in a row nobody asks it for a while, then one does.
///
/// A pure value; times are microseconds since 1970.
struct CircuitState: Sendable, Equatable {
    /// Failures in a row that open it.
    static let patience = 3
    static let firstPause: Int64 = 1_000_000
    static let longestPause: Int64 = 60_000_000

    private(set) var failures = 0
    private(set) var openUntil: Int64 = 0
    private var pause: Int64 = 0
    /// Until when the one that was let through has time to come back.
    private var probeUntil: Int64 = 0
    private(set) var lastError: String?
    private(set) var lastContact: Int64?

    /// Whether a request may be sent now.
    ///
    /// When the pause is over, one is let through and the others wait for what comes of it.
    mutating func admits(at now: Int64) -> Bool {
        guard failures >= CircuitState.patience || openUntil > now else { return true }
        guard now >= openUntil, now >= probeUntil else { return false }
        probeUntil = now + 30_000_000
        return true
    }

    /// Whether a request would be sent now.
    func wouldAdmit(at now: Int64) -> Bool {
        guard failures >= CircuitState.patience || openUntil > now else { return true }
        return now >= openUntil && now >= probeUntil
    }

    mutating func succeeded(at now: Int64) {
        self = CircuitState()
        lastContact = now
    }

    /// Notes a failure; `wait` is how long the upstream itself asked to be left alone.
    mutating func failed(_ reason: String, wait: Int64?, at now: Int64) {
        failures += 1
        lastError = reason
        // Who was on the way when it opened says nothing new; else many at once would make the longest pause of it.
        if wait == nil, openUntil > now { return }
        probeUntil = 0
        if let wait {
            failures = max(failures, CircuitState.patience)
            openUntil = now + min(wait, CircuitState.longestPause * 5)
        }
        guard failures >= CircuitState.patience, wait == nil else { return }
        pause = min(max(pause * 2, CircuitState.firstPause), CircuitState.longestPause)
        openUntil = now + pause
    }
}

/// The circuit of one URL, shared by all who ask it.
final class CircuitBreaker: Sendable {
    private let state = Mutex(CircuitState())
    private let now: @Sendable () -> Int64

    init(_ now: @escaping @Sendable () -> Int64) {
        self.now = now
    }

    /// What is known now.
    var snapshot: CircuitState { state.withLock { $0 } }

    /// Whether a request would be sent now, without sending one.
    var wouldAdmit: Bool { state.withLock { [now] in $0.wouldAdmit(at: now()) } }

    /// Whether a request may be sent; whoever is told yes must say what came of it by `note`.
    func admits() -> Bool { state.withLock { [now] in $0.admits(at: now()) } }

    /// Notes what came of a request: nil for an answer, of whatever kind.
    func note(_ error: ContentError?) {
        state.withLock { [now] state in
            guard let error, error.isSickness else { return state.succeeded(at: now()) }
            var wait: Int64?
            if case .rateLimited(_, let delay?) = error { wait = delay.microseconds }
            state.failed(error.message, wait: wait, at: now())
        }
    }
}

extension ContentError {
    /// Whether it says that the upstream is sick, and nothing about what was asked for.
    var isSickness: Bool {
        switch self {
        case .unavailable, .rateLimited: true
        default: false
        }
    }

    /// Whether it says for sure that the upstream does not have it.
    var isAbsence: Bool {
        switch self {
        case .manifestUnknown, .nameUnknown, .blobUnknown: true
        default: false
        }
    }
}
