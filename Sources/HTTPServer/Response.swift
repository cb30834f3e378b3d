public import HTTPMessage

/// A response: status, header fields, body.
public struct Response: Sendable {
    /// The status code.
    public var status: HTTPStatus
    /// The header fields, in order.
    ///
    /// `Content-Length`, `Date` and `Connection` are the server's.
    public var headers: [(name: StaticString, value: String)]
    /// The body.
    ///
    /// For a HEAD request its length is announced and its bytes are not sent.
    public var body: Body
    /// Whether the connection closes after this response.
    public var closesConnection = false

    /// Where a body's bytes come from.
    public enum Body: Sendable {
        /// No bytes.
        case empty
        /// Bytes in memory.
        case bytes([UInt8])
        /// A part of an open file; the server closes the descriptor, also when the response is never sent.
        case file(any FileBody)
        /// Parts of one open file, one behind the other; the server closes the descriptor, also when the response is
        /// never sent.
        case slices(any SlicesBody)
        /// A part of an open file that is still being written; the server closes the descriptor, also when the response
        /// is never sent.
        case growing(any GrowingResponseBody)
    }

    /// Builds a response.
    public init(_ status: HTTPStatus, headers: [(name: StaticString, value: String)] = [], body: Body = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// An open file on its way into a response.
///
/// Owns the descriptor until the server takes it.
public protocol FileBody: AnyObject, Sendable {
    /// Where the body starts in the file, in bytes.
    var offset: Int64 { get }
    /// The body's length in bytes; the file is at least `offset + length` long.
    var length: Int64 { get }
    /// Gives up the descriptor: the caller closes it. Called once.
    func takeDescriptor() -> Int32
}

/// A part of a file.
public struct FileSlice: Hashable, Sendable {
    /// Where it starts in the file, in bytes.
    public var offset: Int64
    /// Its length in bytes.
    public var length: Int64

    /// Builds a slice.
    public init(offset: Int64, length: Int64) {
        self.offset = offset
        self.length = length
    }
}

/// Parts of an open file on their way into a response.
///
/// Owns the descriptor until the server takes it. A single part is sent as a `FileBody` is; several are read and copied.
public protocol SlicesBody: AnyObject, Sendable {
    /// The parts in the order in which they are sent; the file holds all of them.
    var slices: [FileSlice] { get }
    /// Gives up the descriptor: the caller closes it. Called once.
    func takeDescriptor() -> Int32
}
