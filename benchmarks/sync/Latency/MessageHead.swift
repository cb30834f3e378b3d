/// The head of an HTTP/1.1 message, as far as one who passes it on must know it.
struct MessageHead {
    /// How the end of a body is found.
    enum Body: Equatable {
        case none
        case length(Int)
        case chunked
        case untilClose
    }

    /// All of it, with the empty line.
    let bytes: [UInt8]
    /// The first line in words.
    let words: [Substring]
    private let fields: [(name: String, value: String)]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let lines = String(decoding: bytes, as: UTF8.self).utf8.split(separator: 10).map { line in
            Substring(line.last == 13 ? line.dropLast() : line)
        }
        words = lines.first?.split(separator: " ") ?? []
        fields = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), line[line.index(after: colon)...].drop { $0 == " " }.lowercased())
        }
    }

    func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    var method: Substring { words.first ?? "" }
    var status: Int { words.count > 1 ? Int(words[1]) ?? 0 : 0 }
    var expectsContinue: Bool { value("expect") == "100-continue" }
    /// Whether the connection ends with this message.
    var isLast: Bool { value("connection") == "close" }

    /// The body of a request with this head.
    var requestBody: Body {
        if isChunked { return .chunked }
        return value("content-length").flatMap { Int($0) }.map { .length($0) } ?? .none
    }

    /// The body of an answer with this head.
    func responseBody(to method: Substring) -> Body {
        if method == "HEAD" || status == 204 || status == 304 || status < 200 { return .none }
        if isChunked { return .chunked }
        return value("content-length").flatMap { Int($0) }.map { .length($0) } ?? .untilClose
    }

    private var isChunked: Bool { value("transfer-encoding") == "chunked" }
}
