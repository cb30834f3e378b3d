/// What SQLite answered when it could not do as asked.
public struct SQLiteError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The extended result code (sqlite.org/rescode.html).
    public let code: Int32
    /// SQLite's message, and what was asked.
    public let message: String

    /// Keeps code and message.
    public init(code: Int32, message: String) {
        self.code = code
        self.message = message
    }

    /// The primary result code.
    public var primaryCode: Int32 { code & 0xFF }
    /// Whether the disk is full, failing or read-only: SQLITE_FULL, SQLITE_IOERR, SQLITE_READONLY, SQLITE_CANTOPEN.
    public var isStorageFailure: Bool { [13, 10, 8, 14].contains(primaryCode) }
    /// Whether another connection held the file for longer than one waits: SQLITE_BUSY, SQLITE_LOCKED.
    public var isBusy: Bool { primaryCode == 5 || primaryCode == 6 }
    /// Whether the file is damaged or no database: SQLITE_CORRUPT, SQLITE_NOTADB.
    public var isCorrupt: Bool { primaryCode == 11 || primaryCode == 26 }

    /// `SQLite 13: database or disk is full`.
    public var description: String { "SQLite \(code): \(message)" }
}
