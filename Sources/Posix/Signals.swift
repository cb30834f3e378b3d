internal import Glibc

/// A signal that asks a process for something.
public enum Signal: Int32, CaseIterable, Sendable {
    /// Read your files again.
    case hangUp = 1
    /// Stop, from the keyboard.
    case interrupt = 2
    /// Stop, from a supervisor.
    case terminate = 15

    /// The name as `kill(1)` prints it.
    public var name: String {
        switch self {
        case .hangUp: "SIGHUP"
        case .interrupt: "SIGINT"
        case .terminate: "SIGTERM"
        }
    }
}

/// Receives signals on a thread of its own, so that no code ever runs inside a signal handler (`sigwait(3)`).
public struct SignalListener: Sendable {
    private let signals: [Signal]

    /// Takes the signals away from the process's threads.
    ///
    /// Call it before the process has other threads: those that exist keep the signals' default actions, those that
    /// start later inherit the mask.
    public init(_ signals: [Signal]) throws(SystemError) {
        self.signals = signals
        var set = SignalListener.set(signals)
        let code = pthread_sigmask(SIG_BLOCK, &set, nil)
        guard code == 0 else { throw SystemError(code: code, call: "block", object: "signals") }
    }

    /// Hands each signal to `body`, one at a time, on a thread of its own, until the process ends.
    public func start(_ body: @escaping @Sendable (Signal) -> Void) throws(SystemError) {
        let signals = signals
        _ = try SystemThread(name: "signals") {
            var set = SignalListener.set(signals)
            while true {
                var number: Int32 = 0
                guard sigwait(&set, &number) == 0 else { continue }
                if let signal = Signal(rawValue: number) { body(signal) }
            }
        }
    }

    private static func set(_ signals: [Signal]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal.rawValue) }
        return set
    }
}
