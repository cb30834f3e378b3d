/// A `Content-Range` field of a response (RFC 9110 section 14.4).
public enum ContentRange: Sendable, Equatable {
    /// `bytes a-b/length`: the bytes enclosed, out of `length` or of an unknown number. Never empty.
    case part(Range<Int64>, length: Int64?)
    /// `bytes */length`: no byte of the range asked for exists.
    case unsatisfiable(length: Int64)

    /// Reads a field value; nil when it is malformed or contradicts itself.
    public init?(parsing value: String) {
        var scanner = FieldScanner(value)
        guard scanner.takeWord("bytes"), scanner.take(0x20) else { return nil }
        var bytes: Range<Int64>?
        if !scanner.take(0x2A) {
            guard let span = UploadRange(&scanner) else { return nil }
            bytes = span.bytes
        }
        guard scanner.take(0x2F) else { return nil }
        let length = scanner.take(0x2A) ? nil : scanner.number()
        guard scanner.isAtEnd, value.utf8.last != 0x2F else { return nil }
        switch (bytes, length) {
        case (let bytes?, let length):
            guard bytes.upperBound <= length ?? .max else { return nil }
            self = .part(bytes, length: length)
        case (nil, let length?):
            self = .unsatisfiable(length: length)
        case (nil, nil):
            return nil
        }
    }

    /// The field value, as `bytes 0-9/300`, `bytes 0-9/*` or `bytes */300`.
    public var fieldValue: String {
        switch self {
        case .part(let bytes, let length):
            let total = length.map { String($0) } ?? "*"
            return "bytes \(bytes.lowerBound)-\(max(bytes.upperBound, 1) - 1)/\(total)"
        case .unsatisfiable(let length):
            return "bytes */\(length)"
        }
    }
}

/// The range of an upload chunk, as OCI writes it: `<first>-<last>`, both included, without a unit.
///
/// <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks>
public struct UploadRange: Sendable, Equatable {
    /// The bytes enclosed; never empty.
    public let bytes: Range<Int64>

    /// Encloses bytes; nil for an empty range or a negative start.
    public init?(_ bytes: Range<Int64>) {
        guard !bytes.isEmpty, bytes.lowerBound >= 0 else { return nil }
        self.bytes = bytes
    }

    /// Reads the `Content-Range` of a chunk; nil when malformed, reversed or beyond 2^63 - 2.
    public init?(parsing value: String) {
        var scanner = FieldScanner(value)
        self.init(&scanner)
        guard scanner.isAtEnd else { return nil }
    }

    init?(_ scanner: inout FieldScanner) {
        guard let first = scanner.number(), scanner.take(0x2D), let last = scanner.number(), first <= last, last < .max
        else { return nil }
        bytes = first..<(last + 1)
    }

    /// The field value, as `0-9`.
    public var fieldValue: String { "\(bytes.lowerBound)-\(bytes.upperBound - 1)" }
}
