import Glibc
import Posix
import Synchronization

/// An HTTP server on a raw socket that does what the test says: it can stall, cut and lie, and records requests.
///
/// One thread accepts, one more serves each connection. It ends when the object goes.
public final class ScriptedServer: Sendable {
    /// What is known from outside.
    public struct Activity: Sendable {
        public var requests: [ScriptedRequest] = []
        public var openConnections = 0
        public var acceptedConnections = 0
    }

    public typealias Handler = @Sendable (ScriptedRequest) -> ScriptedReply

    /// Chosen by the kernel; 0 on a unix socket.
    public let port: UInt16
    private let core: Core

    /// Listens on 127.0.0.1, or on a unix socket when a path is given.
    ///
    /// `early` sees each request before its body is read; a reply it gives is played at once and the connection closed.
    public init(
        unixSocketPath: String? = nil, early: @escaping @Sendable (ScriptedRequest) -> ScriptedReply? = { _ in nil },
        _ handler: @escaping Handler
    ) throws {
        let listener = try unixSocketPath.map { try RawSocket.listen(unixPath: $0) } ?? RawSocket.listenOnLoopback()
        port = unixSocketPath == nil ? RawSocket.port(of: listener) : 0
        core = Core(listener: listener, early: early, handler: handler)
        startThread { [core] in core.accept() }
    }

    /// Answers by a table: the replies under `METHOD /target` are given one after the other, the last one for ever; what
    /// is not in the table is answered with 404.
    public convenience init(unixSocketPath: String? = nil, _ table: [String: [ScriptedReply]]) throws {
        let left = Mutex(table)
        try self.init(unixSocketPath: unixSocketPath) { request in
            left.withLock { left in
                guard let replies = left[request.line], let first = replies.first else {
                    return ScriptedReply(404, text: "not in the script: \(request.line)")
                }
                if replies.count > 1 { left[request.line] = Array(replies.dropFirst()) }
                return first
            }
        }
    }

    deinit {
        core.stop()
    }

    public var url: String { "http://127.0.0.1:\(port)" }
    public var activity: Activity { core.activity.withLock { $0 } }
    public var requests: [ScriptedRequest] { activity.requests }
    /// `METHOD /target` of every request so far.
    public var lines: [String] { requests.map(\.line) }

    /// Waits until the activity is as asked; gives false after ten seconds.
    public func until(_ isReached: @escaping @Sendable (Activity) -> Bool) async -> Bool {
        await core.until(isReached)
    }
}

/// What the server's threads hold.
private final class Core: Sendable {
    let activity = Mutex(ScriptedServer.Activity())
    private let watched = Condition(0)
    private let connections = Mutex<(sockets: Set<CInt>, isStopped: Bool)>(([], false))
    private let listener: CInt
    private let early: @Sendable (ScriptedRequest) -> ScriptedReply?
    private let handler: ScriptedServer.Handler

    init(
        listener: CInt, early: @escaping @Sendable (ScriptedRequest) -> ScriptedReply?,
        handler: @escaping ScriptedServer.Handler
    ) {
        self.listener = listener
        self.early = early
        self.handler = handler
    }

    func stop() {
        connections.withLock { connections in
            connections.isStopped = true
            for socket in connections.sockets { shutdown(socket, CInt(SHUT_RDWR)) }
        }
        shutdown(listener, CInt(SHUT_RDWR))
    }

    func until(_ isReached: @escaping @Sendable (ScriptedServer.Activity) -> Bool) async -> Bool {
        await withCheckedContinuation { continuation in
            startThread { [self] in
                let isTrue = watched.wait(timeout: .seconds(10)) { _, isLate -> Bool? in
                    let isTrue = activity.withLock { isReached($0) }
                    return isTrue || isLate ? isTrue : nil
                }
                continuation.resume(returning: isTrue)
            }
        }
    }

    func note(_ change: (inout ScriptedServer.Activity) -> Void) {
        activity.withLock { change(&$0) }
        watched.updateAll { $0 += 1 }
    }

    func accept() {
        while true {
            let socket = acceptOne()
            guard socket >= 0 else { break }
            let isStopped = connections.withLock { connections in
                connections.sockets.insert(socket)
                return connections.isStopped
            }
            if isStopped { shutdown(socket, CInt(SHUT_RDWR)) }
            var number = 0
            note { activity in
                number = activity.acceptedConnections
                activity.acceptedConnections += 1
                activity.openConnections += 1
            }
            startThread { [self, number] in serve(socket, number: number) }
        }
        close(listener)
    }

    private func acceptOne() -> CInt {
        while true {
            let socket = Glibc.accept(listener, nil, nil)
            if socket < 0, errno == EINTR { continue }
            // A child process of another test must not keep this connection open.
            if socket >= 0 { _ = fcntl(socket, F_SETFD, FD_CLOEXEC) }
            return socket
        }
    }

    private func serve(_ socket: CInt, number: Int) {
        let wire = ScriptedWire(socket: socket)
        while let (head, framing) = wire.readHead(connection: number) {
            var request = head
            if let reply = early(request) {
                note { $0.requests.append(request) }
                _ = wire.play(reply)
                break
            }
            guard let body = wire.readBody(framing) else { break }
            request.body = body
            note { $0.requests.append(request) }
            guard wire.play(handler(request)) else { break }
        }
        _ = connections.withLock { $0.sockets.remove(socket) }
        close(socket)
        note { $0.openConnections -= 1 }
    }
}

/// Runs the body on a thread nobody waits for.
func startThread(_ body: @escaping @Sendable () -> Void) {
    do {
        _ = try SystemThread(name: "test", body)
    } catch {
        preconditionFailure("\(error)")
    }
}
