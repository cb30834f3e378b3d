/// What a `Range` header field asks for (RFC 9110 section 14.2).
///
/// Only one range of bytes is honoured. Anything else, and anything malformed, reads as the whole, which the
/// specification allows and every client must cope with.
///
/// <https://www.rfc-editor.org/rfc/rfc9110#section-14.1.2>
public struct ByteRangeRequest: Sendable, Equatable {
    private enum Form: Equatable {
        case whole
        /// Both ends included; a missing or huge last is `Int64.max`.
        case span(first: Int64, last: Int64)
        case suffix(Int64)
    }

    /// What the range means for a representation of known length.
    public enum Resolution: Sendable, Equatable {
        /// Send everything with 200.
        case whole
        /// Send these bytes with 206; never empty, always inside the representation.
        case part(Range<Int64>)
        /// No byte of the range exists: 416.
        case unsatisfiable
    }

    private let form: Form

    /// Reads the value of a `Range` field; nil stands for no such field.
    public init(parsing value: String?) {
        form = value.flatMap(ByteRangeRequest.parse) ?? .whole
    }

    /// Whether every byte is wanted whatever the length is.
    public var isWhole: Bool { form == .whole }

    /// Applies the range to a representation of `length` bytes; a negative length counts as 0.
    public func resolve(length: Int64) -> Resolution {
        switch form {
        case .whole:
            return .whole
        case .span(let first, let last):
            guard first < length else { return .unsatisfiable }
            return .part(first..<(last < length ? last + 1 : length))
        case .suffix(let count):
            guard count > 0 else { return .unsatisfiable }
            // The last bytes of nothing are nothing: satisfiable, but no Content-Range can say so.
            guard length > 0 else { return .whole }
            return .part((count < length ? length - count : 0)..<length)
        }
    }

    private static func parse(_ value: String) -> Form? {
        var scanner = FieldScanner(value)
        scanner.skipBlanks()
        guard scanner.takeWord("bytes"), scanner.take(0x3D) else { return nil }
        scanner.skipBlanks()
        let first = scanner.number()
        guard scanner.take(0x2D) else { return nil }
        let last = scanner.number()
        scanner.skipBlanks()
        guard scanner.isAtEnd else { return nil }
        switch (first, last) {
        case (nil, nil): return nil
        case (nil, let count?): return .suffix(count)
        case (let first?, nil): return .span(first: first, last: .max)
        case (let first?, let last?): return first <= last ? .span(first: first, last: last) : nil
        }
    }
}
