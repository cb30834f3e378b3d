import Content
import Sync
import Synchronization

/// What a command is run with.
struct Invocation: Sendable {
    var context: Context
    var arguments: Arguments

    var console: Console { context.console }
}

/// What the world offers a command; tests offer their own.
struct Context: Sendable {
    var console: Console
    var environment: [String: String]
    /// Opens the end a command works on.
    var openEnd: @Sendable (RegistryTarget, Context) async throws(CommandError) -> any RegistryEnd
    /// Opens the upstreams of the server a command works on.
    var openUpstreams: @Sendable (RegistryTarget, Context) async throws(CommandError) -> any UpstreamControl
    /// Makes the ends of a mirror file; the store is there when a mirror needs it.
    var mirrorEnds: @Sendable (MirrorFile, MirrorStore?, Context) -> any MirrorEnds = MirrorSession.ends
    /// Runs the server until it is told to stop.
    var serve: @Sendable (LoadedConfiguration, Context) async throws(CommandError) -> Void
    /// What must be closed when the command is over.
    let closers = Closers()

    init(
        console: Console, environment: [String: String],
        openEnd: @escaping @Sendable (RegistryTarget, Context) async throws(CommandError) -> any RegistryEnd,
        openUpstreams: @escaping @Sendable (RegistryTarget, Context) async throws(CommandError) -> any UpstreamControl =
            EndOpener.openUpstreams,
        serve: @escaping @Sendable (LoadedConfiguration, Context) async throws(CommandError) -> Void
    ) {
        self.console = console
        self.environment = environment
        self.openEnd = openEnd
        self.openUpstreams = openUpstreams
        self.serve = serve
    }
}

/// Closes what was opened, last first.
final class Closers: Sendable {
    private let all = Mutex<[@Sendable () -> Void]>([])

    /// Adds something to do at the end.
    func add(_ close: @escaping @Sendable () -> Void) {
        all.withLock { $0.append(close) }
    }

    /// Does it, once.
    func run() {
        let taken = all.withLock { all in
            defer { all = [] }
            return all
        }
        for close in taken.reversed() { close() }
    }
}
