internal import CSQLite

/// A value to bind.
public enum SQLValue: Sendable, Equatable {
    /// NULL.
    case null
    /// INTEGER.
    case integer(Int64)
    /// TEXT.
    case text(String)
    /// BLOB.
    case blob([UInt8])

    /// NULL for nil.
    public static func optional(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }
    /// NULL for nil.
    public static func optional(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }
    /// NULL for nil.
    public static func optional(_ value: [UInt8]?) -> SQLValue { value.map { .blob($0) } ?? .null }
}

/// A prepared statement; finalized by its connection.
struct Statement {
    let handle: OpaquePointer

    func bind(_ values: [SQLValue], on connection: Connection) throws(SQLiteError) {
        precondition(values.count == sqlite3_bind_parameter_count(handle), "one value for each parameter")
        var position: Int32 = 0
        for value in values {
            position += 1
            let code: Int32
            switch value {
            case .null: code = sqlite3_bind_null(handle, position)
            case .integer(let number): code = sqlite3_bind_int64(handle, position, number)
            case .text(var text):
                code = text.withUTF8 { buffer in
                    buffer.withMemoryRebound(to: CChar.self) {
                        sqlite3_bind_text(
                            handle, position, $0.baseAddress, Int32($0.count), chartroom_sqlite_transient())
                    }
                }
            case .blob(let bytes):
                code = bytes.withUnsafeBytes {
                    // An empty array has no address, and a null pointer would bind NULL.
                    $0.isEmpty
                        ? sqlite3_bind_zeroblob(handle, position, 0)
                        : sqlite3_bind_blob64(
                            handle, position, $0.baseAddress, UInt64($0.count), chartroom_sqlite_transient())
                }
            }
            guard code == SQLITE_OK else { throw connection.failure(code, "bind parameter \(position)") }
        }
    }

    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }
}

/// The row a statement stands on.
///
/// Valid only inside the closure that got it.
@safe public struct Row {
    let handle: OpaquePointer

    /// An INTEGER column; 0 for NULL.
    public func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// Whether a column is NULL.
    public func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// An INTEGER column, nil for NULL.
    public func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

    /// A TEXT column; empty for NULL.
    public func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// A TEXT column, nil for NULL.
    public func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// A BLOB column, copied; empty for NULL.
    public func blob(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }
}
