internal import Glibc

/// State behind a mutex, with waiting: what `Mutex` of the standard library cannot do.
///
/// For threads of our own only: waiting blocks the thread.
public final class Condition<State>: @unchecked Sendable {
    // Unchecked: `state` is touched only while `mutex` is held.
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    /// Wraps the state.
    public init(_ state: sending State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs the body while holding the lock and wakes one waiter when it returns true.
    public func update(_ body: (inout State) -> Bool) {
        pthread_mutex_lock(mutex)
        let wakes = body(&state)
        pthread_mutex_unlock(mutex)
        if wakes { pthread_cond_signal(condition) }
    }

    /// Runs the body while holding the lock and wakes every waiter.
    public func updateAll(_ body: (inout State) -> Void) {
        pthread_mutex_lock(mutex)
        body(&state)
        pthread_mutex_unlock(mutex)
        pthread_cond_broadcast(condition)
    }

    /// Waits until the body gives a value.
    ///
    /// It runs under the lock after each wake-up, and once when the time is over.
    ///
    /// The body is told whether the deadline has passed; a wait without one never passes. One that gives nothing even
    /// then waits on without a deadline. A time of less than nothing is over at once; years are cut to a hundred.
    public func wait<Value>(timeout: Duration? = nil, _ body: (inout State, Bool) -> Value?) -> Value {
        let deadline = timeout.map { Condition.deadline(after: $0) }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var isLate = false
        while true {
            if let value = body(&state, isLate) { return value }
            guard !isLate, var end = deadline else {
                pthread_cond_wait(condition, mutex)
                continue
            }
            // Anything but a wake-up ends the wait: an unforeseen error must not make a loop that burns.
            isLate = pthread_cond_timedwait(condition, mutex, &end) != 0
        }
    }

    /// The moment so long from now, as the monotonic clock counts.
    private static func deadline(after timeout: Duration) -> timespec {
        let timeout = min(max(timeout, .zero), .seconds(100 * 365 * 86_400))
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let (seconds, attoseconds) = timeout.components
        let nanoseconds = deadline.tv_nsec + Int(attoseconds / 1_000_000_000)
        deadline.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        return deadline
    }
}
