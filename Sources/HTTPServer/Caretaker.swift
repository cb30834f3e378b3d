internal import Posix
internal import Synchronization

/// The thread that owns a running daemon: it sweeps slow connections and carries out the stop.
enum Caretaker {
    /// Starts daemon and thread.
    ///
    /// The thread ends with the server.
    static func start(_ engine: Engine, _ listener: Listener, threads: Int) throws(HTTPServerError) {
        let daemon = try Daemon(engine, listening: listener.descriptor, threads: threads)
        let box = DaemonBox(daemon)
        do {
            _ = try SystemThread(name: "http-janitor") { run(engine, listener, box) }
        } catch {
            box.stop()
            throw HTTPServerError.cannotStart(reason: "\(error)")
        }
    }

    /// How often lingering sockets are emptied.
    private static let lingerInterval = Duration.milliseconds(5)

    private static func run(_ engine: Engine, _ listener: Listener, _ daemon: DaemonBox) {
        let janitor = Janitor(engine)
        let interval = janitor.interval
        var nextSweep = Clock.now()
        while engine.control.next(within: engine.lingering.isEmpty ? interval : lingerInterval) == nil {
            engine.lingering.sweep()
            if Clock.now() >= nextSweep {
                janitor.sweep()
                nextSweep = Clock.now() + interval.nanoseconds
            }
        }
        engine.startDraining()
        daemon.quiesce()
        listener.retire()
        janitor.sweep()
        var isClean = engine.active.load(ordering: .sequentiallyConsistent) == 0
        while !isClean, Clock.now() < engine.control.deadline {
            let left = engine.control.deadline - Clock.now()
            engine.control.rest(min(interval, .nanoseconds(Int64(clamping: left))))
            engine.lingering.sweep()
            janitor.sweep()
            isClean = engine.active.load(ordering: .sequentiallyConsistent) == 0
        }
        engine.cutEverything()
        daemon.stop()
        listener.close()
        engine.lingering.closeAll()
        engine.control.finish(isClean)
    }
}

/// A daemon that a thread's closure can hold.
///
/// Used by the one thread that ends it.
private final class DaemonBox: @unchecked Sendable {
    // Unchecked: `start` hands the box to the janitor thread and forgets it, or stops it itself when there is none.
    private var daemon: Daemon?

    init(_ daemon: consuming Daemon) { self.daemon = consume daemon }

    func quiesce() { daemon?.quiesce() }
    func stop() { daemon.take()?.stop() }
}
