internal import CMicrohttpd
internal import Glibc
internal import Synchronization

/// What the janitor remembers of a connection from one round to the next.
struct Watch {
    /// The beginning of the phase these notes are about.
    var since: UInt64 = .max
    /// When the present window began, and the count of bytes then; 0 before the first.
    var windowStart: UInt64 = 0
    var windowBytes: UInt64 = 0
    /// The count of bytes in the round before.
    var lastBytes: UInt64 = 0
    /// When bytes of the next header were first noticed; 0 as long as there are none.
    var headerSeen: UInt64 = 0
    /// Whether an idle connection was found open.
    var isKnownOpen = false
}

/// Closes connections that idle, whose header does not end or whose bytes do not move.
///
/// A connection whose request is being worked on is left alone: the client waits for us then, not we for it.
struct Janitor {
    let engine: Engine
    private let idle: UInt64
    private let header: UInt64
    private let body: UInt64
    private let minimumBytes: UInt64

    init(_ engine: Engine) {
        self.engine = engine
        idle = engine.limits.idleTimeout.nanoseconds
        header = engine.limits.headerTimeout.nanoseconds
        body = engine.limits.bodyTimeout.nanoseconds
        minimumBytes = UInt64(max(0, engine.limits.minimumBodyBytes))
    }

    /// Time between two rounds: an eighth of the shortest limit, 5 ms to 1 s.
    var interval: Duration {
        .nanoseconds(Int64(min(max(min(idle, header, body) / 8, 5_000_000), 1_000_000_000)))
    }

    /// Looks at every connection once.
    ///
    /// While the server stops, those between requests are closed at once.
    func sweep() {
        let now = Clock.now()
        let isDraining = engine.isDraining
        engine.connections.forEach { connection in
            let (phase, since) = connection.phase
            let isNew = connection.watch.since != since
            if isNew { connection.watch = Watch(since: since) }
            let isOver =
                switch phase {
                case .idle: isDraining || (!isNew && isIdleTooLong(connection, since, now))
                case .header: now > since && now - since > header || (!isNew && hasClosed(connection))
                case .body: !isNew && (hasLeft(connection) || isTooSlow(connection, now, bytesReceived))
                case .sending: !isNew && isTooSlow(connection, now, bytesSent)
                case .away: false
                }
            if isOver { shutdown(connection.descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private func isIdleTooLong(_ connection: Connection, _ since: UInt64, _ now: UInt64) -> Bool {
        guard now > since else { return false }
        if now - since > idle { return true }
        if !connection.watch.isKnownOpen {
            if hasClosed(connection) { return true }
            connection.watch.isKnownOpen = true
        }
        // Without a whole request line libmicrohttpd calls nobody; the kernel's counter shows that one has begun.
        guard engine.isTCP, now - since > header / 4 else { return false }
        var received: UInt64 = 0
        var acknowledged: UInt64 = 0
        guard chartroom_tcp_progress(connection.descriptor, &received, &acknowledged) == 0 else { return false }
        if connection.watch.windowStart == 0 {
            // A new connection counts from nothing, later phases from what earlier requests brought.
            connection.watch.windowStart = now
            connection.watch.windowBytes = connection.openedAt == since ? 0 : received
        }
        guard received > connection.watch.windowBytes else { return false }
        if connection.watch.headerSeen == 0 { connection.watch.headerSeen = max(since, now - header / 4) }
        return now - connection.watch.headerSeen > header
    }

    /// Whether the client is gone in the middle of its body.
    ///
    /// Two rounds without progress rule out that the rest of the body waits in libmicrohttpd's buffer.
    private func hasLeft(_ connection: Connection) -> Bool {
        let progress = bytesReceived(connection)
        defer { connection.watch.lastBytes = progress }
        return connection.watch.lastBytes == progress && hasClosed(connection)
    }

    /// Whether the client has closed its side and everything it sent was read.
    ///
    /// Libmicrohttpd waits for edges and takes a short read for the end of what there is, so it never learns of a
    /// close that came together with the last bytes.
    private func hasClosed(_ connection: Connection) -> Bool {
        var byte: UInt8 = 0
        let count = recv(connection.descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
    }

    private func isTooSlow(_ connection: Connection, _ now: UInt64, _ count: (Connection) -> UInt64?) -> Bool {
        let start = connection.watch.windowStart
        guard start == 0 || now - start > body, let bytes = count(connection) else { return false }
        let moved = bytes &- connection.watch.windowBytes
        connection.watch.windowStart = now
        connection.watch.windowBytes = bytes
        return start != 0 && moved < minimumBytes
    }

    private func bytesReceived(_ connection: Connection) -> UInt64 {
        UInt64(clamping: connection.progress.load(ordering: .relaxed))
    }

    /// What the client has taken: over TCP what it acknowledged, else what was read for it.
    private func bytesSent(_ connection: Connection) -> UInt64? {
        guard engine.isTCP else { return UInt64(clamping: connection.progress.load(ordering: .relaxed)) }
        var received: UInt64 = 0
        var acknowledged: UInt64 = 0
        guard chartroom_tcp_progress(connection.descriptor, &received, &acknowledged) == 0 else { return nil }
        return acknowledged
    }
}
