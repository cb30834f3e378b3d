internal import Glibc
public import HTTPMessage
public import HTTPServer
public import OCIModel
internal import Synchronization

/// A request that came over no wire.
public final class FakeRequest: Request {
    public let method: HTTPMethod
    public let rawPath: String
    public let rawQuery: String
    public let contentLength: Int64?
    public let peer: String
    public let requestID: String
    public let isSecure = false
    private let headers: [(name: String, value: String)]
    private let notes = Mutex(RequestAnnotations())

    public init(
        _ method: HTTPMethod, _ target: String, _ headers: [(name: String, value: String)] = [],
        contentLength: Int64? = 0, peer: String = "127.0.0.1"
    ) {
        self.method = method
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        rawPath = String(parts[0])
        rawQuery = parts.count > 1 ? String(parts[1]) : ""
        self.headers = headers
        self.contentLength = contentLength
        self.peer = peer
        requestID = "fake-1"
    }

    public func header(_ name: StaticString) -> String? {
        let values = headers.filter { HeaderFields.sameName($0.name, "\(name)") }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    public var annotations: RequestAnnotations {
        get { notes.withLock { $0 } }
        set { notes.withLock { $0 = newValue } }
    }
}

/// A body of a request.
public struct FakeBody: Sendable {
    public var bytes: [UInt8]
    /// Without a `Content-Length`.
    public var isChunked = false
    public var pieceBytes = 256 << 10

    public init(bytes: [UInt8], isChunked: Bool = false, pieceBytes: Int = 256 << 10) {
        self.bytes = bytes
        self.isChunked = isChunked
        self.pieceBytes = pieceBytes
    }

    public static func text(_ text: String) -> FakeBody { FakeBody(bytes: Array(text.utf8)) }
}

/// What a client would have seen.
public struct Answer: Sendable {
    public var status: Int
    public var headers: [(name: String, value: String)]
    /// What was sent; empty for HEAD.
    public var body: [UInt8]
    /// What `Content-Length` announces.
    public var length: Int

    public init(_ response: Response, isHead: Bool = false) {
        status = response.status.rawValue
        headers = response.headers.map { (name: "\($0.name)", value: $0.value) }
        switch response.body {
        case .empty: body = []
        case .bytes(let bytes): body = bytes
        case .file(let file): body = Answer.read(file)
        case .slices(let file): body = Answer.read(file)
        case .growing(let file): body = Answer.read(file)
        }
        length = body.count
        if isHead { body = [] }
    }

    private static func read(_ file: any FileBody) -> [UInt8] {
        let descriptor = file.takeDescriptor()
        guard descriptor >= 0 else { return Array("no descriptor".utf8) }
        defer { close(descriptor) }
        return read(descriptor, FileSlice(offset: file.offset, length: file.length))
    }

    /// What can be read now.
    private static func read(_ file: any GrowingResponseBody) -> [UInt8] {
        let descriptor = file.takeDescriptor()
        guard descriptor >= 0 else { return Array("no descriptor".utf8) }
        defer { close(descriptor) }
        guard case .readable(let end) = file.growth(beyond: file.offset, {}) else { return [] }
        return read(
            descriptor, FileSlice(offset: file.offset, length: min(end - file.offset, file.length)))
    }

    private static func read(_ file: any SlicesBody) -> [UInt8] {
        let descriptor = file.takeDescriptor()
        guard descriptor >= 0 else { return Array("no descriptor".utf8) }
        defer { close(descriptor) }
        return file.slices.flatMap { read(descriptor, $0) }
    }

    private static func read(_ descriptor: Int32, _ slice: FileSlice) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(slice.length))
        var filled = 0
        while filled < bytes.count {
            let count = bytes[filled...].withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, Int(slice.offset) + filled)
            }
            guard count > 0 else { break }
            filled += count
        }
        return Array(bytes[..<filled])
    }

    public subscript(_ name: String) -> String? {
        headers.first { HeaderFields.sameName($0.name, name) }?.value
    }

    public func all(_ name: String) -> [String] {
        headers.filter { HeaderFields.sameName($0.name, name) }.map(\.value)
    }

    public var text: String { String(decoding: body, as: UTF8.self) }
    public var json: JSONValue? { try? JSONValue(parsing: body) }
    public var error: JSONValue? { json?["errors"]?.array?.first }
    public var code: String? { error?["code"]?.string }
    /// Status and error code in one: `404 BLOB_UNKNOWN`.
    public var summary: String { code.map { "\(status) \($0)" } ?? "\(status)" }

    /// The headers one after the other, for comparing.
    public var headerText: String { headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n") }
}
