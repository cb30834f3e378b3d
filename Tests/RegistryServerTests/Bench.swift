import Content
import HTTPMessage
import HTTPServer
import LocalRegistry
import OCIModel
import RegistryServer
import Synchronization
import Telemetry
import TestSupport

/// A handler over a real store, driven without sockets as the server drives it.
final class Bench: Sendable {
    let scratch: ScratchDirectory
    let registry: Registry
    let handler: RegistryHandler
    let metrics: MetricsRegistry
    let log = LogCollector()
    private let ownsStore: Bool

    init(
        _ authenticator: any Authenticator = AnonymousAccess(.readWrite), in directory: ScratchDirectory? = nil,
        store: (inout RegistryOptions) -> Void = { _ in }, handler change: (inout HandlerOptions) -> Void = { _ in }
    ) throws {
        ownsStore = true
        scratch = try directory ?? ScratchDirectory()
        var storeOptions = RegistryOptions()
        store(&storeOptions)
        registry = try Registry(at: scratch.path + "/data", storeOptions)
        var handlerOptions = HandlerOptions()
        handlerOptions.hostName = "localhost:5000"
        change(&handlerOptions)
        metrics = MetricsRegistry()
        let log = log
        handler = RegistryHandler(
            registry, authenticator: authenticator, options: handlerOptions, metrics: metrics,
            logger: Logger { log.add($0) })
    }

    deinit { if ownsStore { registry.close() } }

    /// The same store behind another authenticator, which remembers nobody.
    init(sharing other: Bench, _ authenticator: any Authenticator) throws {
        ownsStore = false
        scratch = other.scratch
        registry = other.registry
        metrics = MetricsRegistry()
        let log = log
        handler = RegistryHandler(
            registry, authenticator: authenticator, options: HandlerOptions(), metrics: metrics,
            logger: Logger { log.add($0) })
    }

    /// Sends a request and runs its plan as the server does.
    @discardableResult
    func send(
        _ method: HTTPMethod, _ target: String, _ headers: [(name: String, value: String)] = [],
        _ body: FakeBody? = nil, peer: String = "127.0.0.1"
    ) async -> Answer {
        let length = body.map { $0.isChunked ? nil : Int64($0.bytes.count) } ?? 0
        let request = FakeRequest(method, target, headers, contentLength: length, peer: peer)
        let response = await run(handler.plan(for: request), body ?? FakeBody(bytes: []))
        let answer = Answer(response, isHead: method == .head)
        handler.finished(
            request,
            Outcome(
                status: answer.status, bytesSent: Int64(answer.body.count),
                bytesReceived: Int64(body?.bytes.count ?? 0), duration: .milliseconds(1), isComplete: true))
        return answer
    }

    @discardableResult
    func get(_ target: String, _ headers: [(name: String, value: String)] = []) async -> Answer {
        await send(.get, target, headers)
    }

    private func run(_ plan: Plan, _ body: FakeBody) async -> Response {
        switch plan {
        case .respond(let response): return response
        case .perform(let work): return await work()
        case .receive(let most, let work):
            guard body.bytes.count <= most else { return handler.refusal(413, "the request body is too large") }
            return await work(body.bytes)
        case .stream(let most, let consumer):
            guard Int64(body.bytes.count) <= most else { return handler.refusal(413, "the request body is too large") }
            var position = 0
            while position < body.bytes.count {
                let end = min(position + body.pieceBytes, body.bytes.count)
                if let early = await consumer.consume(Array(body.bytes[position..<end])) { return early }
                position = end
            }
            return await consumer.finish()
        }
    }
}

/// Keeps log records.
final class LogCollector: Sendable {
    private let records = Mutex<[LogRecord]>([])

    func add(_ record: LogRecord) { records.withLock { $0.append(record) } }

    /// Every record as one line.
    var text: String {
        records.withLock { records in
            records.map { "\($0.message) \($0.fields.map { "\($0.name)=\($0.value)" }.joined(separator: " "))" }
                .joined(separator: "\n")
        }
    }
}

extension Bench {
    /// Pushes a blob by a single POST; gives its digest.
    @discardableResult
    func push(_ bytes: [UInt8], _ repository: String = "charts/demo", _ algorithm: DigestAlgorithm = .sha256) async
        -> Digest
    {
        let digest = Digest(of: bytes, algorithm)
        await send(.post, "/v2/\(repository)/blobs/uploads/?digest=\(digest)", [], FakeBody(bytes: bytes))
        return digest
    }

    /// Pushes a manifest under a tag or digest.
    @discardableResult
    func put(
        _ manifest: StoredManifest, _ reference: String, _ repository: String = "charts/demo", query: String = ""
    ) async -> Answer {
        await send(
            .put, "/v2/\(repository)/manifests/\(reference)\(query)",
            [("Content-Type", manifest.mediaType.description)], FakeBody(bytes: manifest.bytes))
    }

    /// Pushes a chart as Helm does.
    @discardableResult
    func push(_ chart: SampleChart, _ tag: String, _ repository: String = "charts/demo") async -> Answer {
        await push(chart.config, repository)
        await push(chart.archive, repository)
        return await put(chart.manifest, tag, repository)
    }

    /// Begins an upload session; gives its location.
    func begin(
        _ repository: String = "charts/demo", query: String = "", by who: [(name: String, value: String)] = []
    ) async -> String {
        await send(.post, "/v2/\(repository)/blobs/uploads/\(query)", who)["Location"] ?? "/no-location"
    }
}

/// A manifest that refers to a subject.
func referrer(
    to subject: Descriptor, type: String? = nil, _ number: Int = 0, annotations: [String: String] = [:]
) -> StoredManifest {
    let empty = Descriptor(of: Array("{}".utf8), .ociEmpty)
    var members: [(String, JSONValue)] = [
        ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociManifest.description)),
    ]
    if let type { members.append(("artifactType", .string(type))) }
    members += [("config", empty.json), ("layers", .array([empty.json])), ("subject", subject.json)]
    members.append(("annotations", JSONValue(sorted: annotations.merging(["number": "\(number)"]) { $1 })))
    return stored(.object(members), .ociManifest)
}

func stored(_ json: JSONValue, _ type: MediaType) -> StoredManifest {
    let bytes = json.text(.go)
    return StoredManifest(digest: Digest(of: bytes), mediaType: type, bytes: bytes)
}

/// A digest nothing has.
let absent = "sha256:" + String(repeating: "ab", count: 32)
