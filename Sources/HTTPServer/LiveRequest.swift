internal import CMicrohttpd
internal import HTTPMessage
internal import Synchronization

/// The request of a connection, from its request line to the end of its response.
///
/// Unchecked: the stored properties belong to the loop thread, except that those of the `Request` protocol no
/// longer change once the request has left it (`leave` takes the snapshot first); `notes` and `flight` have locks.
final class LiveRequest: Request, @unchecked Sendable {
    let connection: Connection
    let target: RawTarget
    let number: UInt64
    private(set) var method = HTTPMethod.get
    private(set) var rawPath = "/"
    private(set) var contentLength: Int64? = 0
    /// The header fields copied, once the request is to leave the loop thread or has ended.
    private var snapshot: [(name: String, value: String)]?
    private var peerText: String?
    private let notes = Mutex(RequestAnnotations())
    let flight = Mutex(Flight())
    var stage = Stage.fresh
    var startedAt: UInt64 = 0
    /// The response queued: its status and the length of its body; 0 as long as there is none.
    var status = 0
    var responseBytes: Int64 = 0
    var receivedBytes: Int64 = 0
    /// Where the bytes of a response that is read on demand come from.
    var source: BodySource?
    var isCorked = false
    /// Whether another thread has seen the request.
    var hasLeft = false
    /// Whether the request counts as pending.
    var isPending = false
    /// Whether the client may still be sending when the connection ends.
    var lingers = false
    /// Whether the body was not read, so that the connection must close after the answer.
    var closesEarly = false
    /// Where the count of received bytes stood when the rest of the body became unwanted.
    var drainStart: Int64 = 0
    /// Whether the response was written to the socket past libmicrohttpd.
    var hasSentThrough = false
    /// Whether the client has announced a body.
    var hasBody = false
    var stream: BodyStream?

    init(_ connection: Connection, target: RawTarget, number: UInt64) {
        self.connection = connection
        self.target = target
        self.number = number
    }

    var rawQuery: String { target.query }
    var isSecure: Bool { connection.engine.isSecure }
    var requestID: String { connection.engine.requestID(number) }
    var peer: String { peerText ?? connection.peer }

    var annotations: RequestAnnotations {
        get { notes.withLock { $0 } }
        set { notes.withLock { $0 = newValue } }
    }

    func header(_ name: StaticString) -> String? {
        guard let snapshot else { return connection.slots.joined(name) }
        var joined: String?
        for field in snapshot where field.name.utf8.count == name.utf8CodeUnitCount {
            guard HeaderFields.sameName(field.name, "\(name)") else { continue }
            joined = joined.map { $0 + ", " + field.value } ?? field.value
        }
        return joined
    }

    /// Takes the request line's parts over once framing has approved of them.
    func describe(_ line: Framing.Line, path: String, _ body: Framing.Body) {
        rawPath = path
        method = HTTPMethod(rawValue: String(decoding: line.method, as: UTF8.self))
        contentLength =
            switch body {
            case .none: 0
            case .length(let length): length
            case .chunked: nil
            }
    }

    /// Copies what lies in libmicrohttpd's memory, so that other threads may read the request.
    func takeSnapshot() {
        guard snapshot == nil else { return }
        peerText = connection.peer
        snapshot = connection.slots.map { (String(decoding: $0.name, as: UTF8.self), $0.text) }
    }

    /// Lets go of libmicrohttpd's memory; a request that never left the loop thread forgets its header.
    func detach() {
        if snapshot == nil { snapshot = [] }
        if peerText == nil { peerText = connection.knownPeer }
    }
}
