/// Reads a multipart body (RFC 2046 section 5.1, RFC 7578) that comes in pieces of any size.
///
/// Keeps a part's header and nothing else: where a piece ends inside what may be a boundary, how much of it matched is
/// a number. What comes before the first boundary and behind the last is skipped. As in Go's reader, a boundary counts
/// only when a blank, a line's end or the closing dashes follow.
public struct MultipartParser: Sendable {
    /// How long the header of a part may be, in bytes.
    public static let maximumHeaderBytes = 8 << 10
    /// How many parts a body may have.
    public static let maximumParts = 16

    private enum State {
        /// In front of the first boundary.
        case preamble
        /// Inside a part.
        case body
        /// Right behind a boundary.
        case boundary
        /// Behind a boundary and a dash.
        case dash
        /// Behind a boundary and blanks.
        case padding
        /// Behind a boundary and a carriage return.
        case lineEnd
        case header
        case closed
    }

    /// Line end, two dashes, boundary.
    private let delimiter: [UInt8]
    private var state = State.preamble
    /// How much of the delimiter the bytes before this one are.
    private var matched = 2
    /// How much of that was never sent: a boundary may open a body, or a part without a line end of its own.
    private var assumed = 2
    private var header: [UInt8] = []
    private var parts = 0
    private var isInPart = false

    /// Reads a body with that boundary.
    public init(_ boundary: MultipartBoundary) {
        delimiter = Array("\r\n--\(boundary.text)".utf8)
    }

    /// Whether the last boundary was read.
    public var isComplete: Bool {
        if case .closed = state { true } else { false }
    }

    /// Takes the next bytes and gives what they complete.
    ///
    /// - Throws: what is wrong with the body; it must not be called again then.
    public mutating func parse(_ piece: [UInt8]) throws(MultipartError) -> [MultipartEvent] {
        var events: [MultipartEvent] = []
        var position = 0
        while position < piece.count {
            switch state {
            case .preamble, .body: scan(piece, &position, &events)
            case .boundary, .dash, .padding, .lineEnd: try readBoundaryLine(piece, &position, &events)
            case .header: try readHeader(piece, &position, &events)
            case .closed: return events
            }
        }
        return events
    }

    /// The body is at its end.
    ///
    /// - Throws: `.truncated` when the last boundary is missing.
    public func finish() throws(MultipartError) {
        guard isComplete else { throw .truncated }
    }

    // MARK: Data

    /// Reads data up to a boundary or the end of the piece.
    private mutating func scan(_ piece: [UInt8], _ position: inout Int, _ events: inout [MultipartEvent]) {
        var start = position
        while position < piece.count {
            let byte = piece[position]
            if matched == 0, byte != 0x0D {
                position += 1
                continue
            }
            if byte == delimiter[matched] {
                if matched == 0 {
                    emit(piece[start..<position], &events)
                    start = position
                }
                matched += 1
                position += 1
                if matched == delimiter.count {
                    state = .boundary
                    return
                }
                continue
            }
            // The delimiter holds one carriage return, its first byte: no other beginning can hide in what matched.
            release(&events)
            start = position
        }
        if matched == 0 { emit(piece[start...], &events) }
    }

    /// What looked like a delimiter was data.
    private mutating func release(_ events: inout [MultipartEvent], and more: [UInt8] = []) {
        emit(delimiter[min(assumed, matched)..<matched] + more, &events)
        (matched, assumed) = (0, 0)
    }

    private func emit(_ bytes: ArraySlice<UInt8>, _ events: inout [MultipartEvent]) {
        guard isInPart, !bytes.isEmpty else { return }
        events.append(.data(Array(bytes)))
    }

    // MARK: Boundaries and headers

    private mutating func readBoundaryLine(
        _ piece: [UInt8], _ position: inout Int, _ events: inout [MultipartEvent]
    ) throws(MultipartError) {
        let byte = piece[position]
        switch (state, byte) {
        case (.boundary, 0x2D): state = .dash
        case (.dash, 0x2D):
            endPart(&events)
            events.append(.end)
            state = .closed
        case (.boundary, 0x20), (.boundary, 0x09), (.padding, 0x20), (.padding, 0x09): state = .padding
        case (.boundary, 0x0D), (.padding, 0x0D): state = .lineEnd
        case (.lineEnd, 0x0A):
            endPart(&events)
            guard parts < MultipartParser.maximumParts else { throw .tooManyParts }
            parts += 1
            header = []
            state = .header
        case (.boundary, _), (.dash, _):
            release(&events, and: isDash ? [0x2D] : [])
            state = isInPart ? .body : .preamble
            return
        default: throw .malformed
        }
        position += 1
    }

    private var isDash: Bool {
        if case .dash = state { true } else { false }
    }

    private mutating func endPart(_ events: inout [MultipartEvent]) {
        if isInPart { events.append(.partEnd) }
        isInPart = false
        (matched, assumed) = (0, 0)
    }

    private mutating func readHeader(
        _ piece: [UInt8], _ position: inout Int, _ events: inout [MultipartEvent]
    ) throws(MultipartError) {
        while position < piece.count {
            guard header.count < MultipartParser.maximumHeaderBytes else { throw .headerTooLong }
            header.append(piece[position])
            position += 1
            guard header.last == 0x0A, header == [0x0D, 0x0A] || header.suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A] else {
                continue
            }
            events.append(.part(try MultipartPart(header: Array(header.dropLast(2)))))
            header = []
            isInPart = true
            (matched, assumed) = (2, 2)
            state = .body
            return
        }
    }
}
