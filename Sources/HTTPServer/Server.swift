// HTTPServer: an HTTP/1.1 server over libmicrohttpd, for one `RequestHandler`.
//
// Owns: the listening socket, the connections, request framing, TLS, time and size limits, and sending bodies from
// memory and from files. libmicrohttpd parses and writes; what it reads leniently is refused in `Framing`.
//
// Threads: as many loop threads as asked for, each with its connections and an epoll instance; `plan` and `finished`
// are called there and must not block. Work that waits leaves with `Plan.perform`, `.receive` or `.stream`: the
// connection is suspended first, the work runs on the task executor, and its answer resumes the connection. A
// growing body without bytes suspends it too, and is woken by whoever writes the file. One janitor thread closes what is
// too slow and carries out the stop.
//
// Invariants: a suspended connection is resumed exactly once, under its request's `flight` lock; `finished` is called
// exactly once for each request a handler or a refusal answered; a body consumer hears exactly one of `finish`, its
// own early response and `abandon`. No memory grows with the length of a body, except up to the maximum of `receive`.
internal import Glibc
internal import Posix
internal import Synchronization

/// An HTTP server.
///
/// Made, started once, shut down once; `deinit` cuts a server that was not shut down.
public final class Server: Sendable {
    private enum State {
        case made(Listener)
        case running
        case stopped
    }

    /// Where the server listens in fact.
    public let address: BoundAddress
    private let engine: Engine
    private let threads: Int
    private let state: Mutex<State>

    /// Opens the listening socket; nothing is accepted before `start`.
    ///
    /// - Parameters:
    ///   - configuration: where to listen and within which limits.
    ///   - handler: answers the requests.
    ///   - executor: runs what leaves the loop threads; its threads may block.
    /// - Throws: what is wrong with the address or the certificate.
    public init(
        _ configuration: ServerConfiguration, handler: any RequestHandler, executor: any TaskExecutor
    ) throws(HTTPServerError) {
        var certificates: CertificateStore?
        if let certificate = configuration.certificate { certificates = try CertificateStore(certificate) }
        let listener = try Listener.open(configuration.listen)
        address = listener.address
        threads = min(max(configuration.threads, 1), 64)
        engine = Engine(
            handler: handler, executor: executor, limits: configuration.limits, isTCP: listener.isTCP,
            certificates: certificates, log: configuration.log)
        state = Mutex(.made(listener))
    }

    deinit {
        let listener = state.withLock { state -> Listener? in
            guard case .made(let listener) = state else { return nil }
            return listener
        }
        listener?.close()
        engine.control.abort()
    }

    /// Starts accepting connections and raises the limit of open files to what the system allows.
    ///
    /// - Throws: `alreadyStarted`, or `cannotStart` when the system gives no threads; the socket is closed then.
    public func start() throws(HTTPServerError) {
        let taken = state.withLock { state -> Listener? in
            guard case .made(let listener) = state else { return nil }
            state = .running
            return listener
        }
        guard let listener = taken else { throw HTTPServerError.alreadyStarted }
        Server.raiseFileLimit()
        do throws(HTTPServerError) {
            try Caretaker.start(engine, listener, threads: threads)
        } catch {
            listener.close()
            state.withLock { $0 = .stopped }
            throw error
        }
    }

    /// Gives new TLS handshakes another certificate; open connections go on with theirs.
    ///
    /// - Throws: `certificateInvalid`, and the old certificate stays; also on a server without TLS.
    public func replaceCertificate(_ certificate: ServerCertificate) throws(HTTPServerError) {
        guard let certificates = engine.certificates else {
            throw HTTPServerError.certificateInvalid(reason: "the server does not speak TLS")
        }
        try certificates.replace(certificate)
    }

    /// Stops accepting, lets the requests under way end, then cuts what is left.
    ///
    /// Idle connections close at once. Returns when every connection is closed, at the latest shortly after the
    /// deadline: true when every request got its whole answer. A second call waits with the first, with the
    /// earlier deadline. Work that was cut goes on running on the executor, without effect on its client.
    public func shutDown(deadline: Duration) async -> Bool {
        let unused = state.withLock { state -> (listener: Listener?, isOver: Bool) in
            switch state {
            case .made(let listener):
                state = .stopped
                return (listener, true)
            case .running: return (nil, false)
            case .stopped: return (nil, true)
            }
        }
        unused.listener?.close()
        if unused.isOver { return true }
        let (time, isBeyond) = Clock.now().addingReportingOverflow(deadline.nanoseconds)
        return await engine.control.stop(by: isBeyond ? .max : time)
    }

    /// What the server is doing now.
    public var statistics: ServerStatistics {
        ServerStatistics(
            openConnections: engine.connections.count, activeRequests: engine.active.load(ordering: .relaxed),
            pendingRequests: engine.pending.load(ordering: .relaxed))
    }

    private static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// A look at a server's load.
public struct ServerStatistics: Sendable, Equatable {
    /// Open connections, idle ones included.
    public let openConnections: Int
    /// Requests whose header is complete and whose response is not out yet.
    public let activeRequests: Int
    /// Requests that have left their loop thread and are not answered.
    public let pendingRequests: Int
}
