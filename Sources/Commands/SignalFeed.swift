import Posix
import Synchronization

/// What the process's signals do: they go to the server when one runs, else they end the command.
final class SignalFeed: Sendable {
    private let receiver = Mutex<(@Sendable (Signal) -> Void)?>(nil)
    private let listener: Result<SignalListener, SystemError>

    /// Takes the signals away from all threads that start from now on.
    init() {
        do {
            listener = .success(try SignalListener(Signal.allCases))
        } catch {
            listener = .failure(error)
        }
    }

    /// Lets a command end within a second of its first signal; cancelling gives it the chance to clean up.
    func start(cancelling task: Task<ExitCode, Never>) throws(SystemError) {
        try listener.get().start { [self] signal in
            if let receiver = receiver.withLock({ $0 }) { return receiver(signal) }
            task.cancel()
            let grace = Condition(())
            grace.wait(timeout: .seconds(1)) { _, isOver in isOver ? () : nil }
            ProcessControl.exit(ExitCode.interrupted.rawValue)
        }
    }

    /// Sends signals to `body` from now on, on the signal thread.
    func receive(_ body: @escaping @Sendable (Signal) -> Void) {
        receiver.withLock { $0 = body }
    }
}
