internal import Synchronization

/// The open connections, for the janitor.
///
/// A connection leaves the table before libmicrohttpd closes its socket, and the janitor shuts sockets down only
/// while it holds the lock: so it never hits a descriptor that another connection uses by now.
final class ConnectionTable: Sendable {
    private let entries = Mutex<[ObjectIdentifier: Connection]>([:])

    func insert(_ connection: Connection) {
        entries.withLock { $0[ObjectIdentifier(connection)] = connection }
    }

    func remove(_ connection: Connection) {
        _ = entries.withLock { $0.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    var count: Int { entries.withLock { $0.count } }

    /// Visits every connection under the lock.
    func forEach(_ body: (Connection) -> Void) {
        entries.withLock { entries in
            for connection in entries.values { body(connection) }
        }
    }
}
