internal import HTTPMessage

/// A response's status and header fields.
struct ResponseHead: Sendable {
    var status: Int
    var headers: HeaderFields
    /// Where the address lies that sent it; nil behind a proxy.
    var peer: HTTPAddressKind?
}

/// Puts a response head together from the lines libcurl hands over; interim responses (1xx) are skipped.
struct HeadParser {
    /// What a line did.
    enum Outcome {
        case more
        case complete(ResponseHead)
        case invalid(String)
    }

    private let maximumBytes: Int
    private var byteCount = 0
    private var status: Int?
    private var fields: [(name: String, value: String)] = []
    private var isComplete = false

    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// Takes one line with its line end.
    ///
    /// Lines behind a complete head are trailers: counted and dropped.
    mutating func take(_ line: some Collection<UInt8>) -> Outcome {
        byteCount += line.count
        guard byteCount <= maximumBytes else { return .invalid("its header is larger than \(maximumBytes) bytes") }
        if isComplete { return .more }
        let text = HeadParser.trimmed(Substring(decoding: line, as: UTF8.self))
        if text.isEmpty { return finish() }
        if text.hasPrefix("HTTP/") { return begin(text) }
        if let first = line.first, first == 0x20 || first == 0x09, let last = fields.popLast() {
            fields.append((last.name, last.value + " " + text))
            return .more
        }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return .more }
        let value = HeadParser.trimmed(text[text.utf8.index(after: colon)...])
        fields.append((HeadParser.trimmed(text[..<colon]), value))
        return .more
    }

    private mutating func begin(_ statusLine: String) -> Outcome {
        let words = statusLine.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, let code = Int(words[1]), (100...599).contains(code) else {
            return .invalid("its status line is malformed")
        }
        status = code
        fields = []
        return .more
    }

    private mutating func finish() -> Outcome {
        guard let status else { return .invalid("it has no status line") }
        guard status >= 200 else { return .more }
        isComplete = true
        return .complete(ResponseHead(status: status, headers: HeaderFields(fields)))
    }

    private static func trimmed(_ text: Substring) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let utf8 = text.utf8
        guard let first = utf8.firstIndex(where: { !isSpace($0) }), let last = utf8.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(text[first...last])
    }
}
