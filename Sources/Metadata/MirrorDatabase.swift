public import Content
public import Posix
internal import SQLite
internal import Synchronization

/// What is remembered of mirrors, in a file of its own beside the store's metadata.
///
///     <data>/mirrors.sqlite        the tables of `MirrorSchema`
///     <data>/mirrors.lock          held for a moment while the file is opened and while runs' locks are looked at
///     <data>/mirrors/<name>.lock   held while a run of the mirror is under way, so that a dead process frees it
///
/// A command and a server may have it open at a time: only one of them can hold the store, and both can run mirrors.
/// One connection behind a lock; every function may block for a transaction.
public final class MirrorDatabase: MirrorLedger, Sendable {
    private let connection: Mutex<SQL>
    let locks: RunLocks
    let now: @Sendable () -> Int64

    /// Opens or makes the ledger of a data directory; `now` gives microseconds since 1970.
    ///
    /// - Throws: `.storageFull`, `.corrupt`, `.unavailable`, or `.internal` for a file of a newer Chartroom.
    public init(
        in directory: String, calls: SystemCalls = .real, now: @escaping @Sendable () -> Int64 = WallClock.now
    ) throws(ContentError) {
        self.now = now
        do {
            let root = try Directory(creating: directory, calls: calls)
            locks = try RunLocks(root.path, calls)
            // Two processes that make the file at a time would both find it empty.
            let opening = try FileLock.wait(directory + "/mirrors.lock")
            // SQLite would make it readable to everyone; the files beside it take over its mode.
            if try root.size(of: "mirrors.sqlite") == nil { try root.open("mirrors.sqlite", .createNew).close() }
            connection = Mutex(try MirrorDatabase.open(directory + "/mirrors.sqlite"))
            withExtendedLifetime(opening) {}
        } catch let error as ContentError {
            throw error
        } catch {
            throw .storageFull("the mirrors' ledger in \(directory) cannot be opened: \(error)")
        }
    }

    private static func open(_ path: String) throws(ContentError) -> sending SQL {
        do throws(SQLiteError) {
            let connection = try Connection(path: path, .readWrite)
            // A listing of an index may be 64 MiB; the log need not stay that large.
            try connection.execute("PRAGMA journal_size_limit = 4194304")
            try connection.migrate(MirrorSchema.migrations, applicationID: MirrorSchema.applicationID)
            return SQL(connection: connection, file: "the mirrors' ledger")
        } catch {
            throw SQL.error(error, of: "the mirrors' ledger")
        }
    }

    /// Reads from the file.
    func read<Value: Sendable>(_ body: @Sendable (SQL) throws(ContentError) -> Value) throws(ContentError) -> Value {
        try connection.withLock { sql throws(ContentError) in try body(sql) }
    }

    /// Writes in one transaction, which is on the disk when this returns unless it is `isLight`: then a power cut may
    /// take it, and costs somebody a question.
    @discardableResult
    func write<Value: Sendable>(
        isLight: Bool = false, _ body: @Sendable (SQL) throws(ContentError) -> Value
    ) throws(ContentError) -> Value {
        try connection.withLock { sql throws(ContentError) in
            do throws(SQLiteError) {
                try sql.connection.setSynchronization(isLight ? .normal : .full)
            } catch {
                throw SQL.error(error, of: sql.file)
            }
            return try sql.transaction { () throws(ContentError) in try body(sql) }
        }
    }
}
