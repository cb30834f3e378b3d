import Content
import FrontDoor
import HTTPMessage
import HTTPServer
import LocalRegistry
import OCIModel
import RegistryServer
import ServerSupport
import Telemetry
import TestSupport

/// A handler over a real store, driven without sockets as the server drives it.
final class Bench: Sendable {
    let scratch: ScratchDirectory
    let registry: Registry
    let handler: FrontDoor
    let metrics: MetricsRegistry
    let log = LogCollector()
    private let ownsStore: Bool

    init(
        _ authenticator: any Authenticator = AnonymousAccess(.readWrite), in directory: ScratchDirectory? = nil,
        store: (inout RegistryOptions) -> Void = { _ in }, face change: (inout RegistryFaceOptions) -> Void = { _ in },
        door changeDoor: (inout DoorOptions) -> Void = { _ in }, cache: (any UpstreamReads)? = nil
    ) throws {
        ownsStore = true
        scratch = try directory ?? ScratchDirectory()
        var storeOptions = RegistryOptions()
        store(&storeOptions)
        registry = try Registry(at: scratch.path + "/data", storeOptions)
        var faceOptions = RegistryFaceOptions()
        faceOptions.hostName = "localhost:5000"
        change(&faceOptions)
        var doorOptions = DoorOptions()
        doorOptions.maximumBodyBytes = faceOptions.maximumBlobBytes
        changeDoor(&doorOptions)
        metrics = MetricsRegistry()
        let log = log
        handler = FrontDoor(
            [RegistryFace(registry, faceOptions, cache: cache)], authenticator: authenticator, options: doorOptions,
            metrics: metrics, logger: Logger { log.add($0) })
    }

    deinit { if ownsStore { registry.close() } }

    /// The same store behind another authenticator, which remembers nobody.
    init(sharing other: Bench, _ authenticator: any Authenticator) throws {
        ownsStore = false
        scratch = other.scratch
        registry = other.registry
        metrics = MetricsRegistry()
        let log = log
        handler = FrontDoor(
            [RegistryFace(registry)], authenticator: authenticator, options: DoorOptions(), metrics: metrics,
            logger: Logger { log.add($0) })
    }

    /// Sends a request and runs its plan as the server does.
    @discardableResult
    func send(
        _ method: HTTPMethod, _ target: String, _ headers: [(name: String, value: String)] = [],
        _ body: FakeBody? = nil, peer: String = "127.0.0.1"
    ) async -> Answer {
        await handler.send(method, target, headers, body, peer: peer)
    }

    @discardableResult
    func get(_ target: String, _ headers: [(name: String, value: String)] = []) async -> Answer {
        await send(.get, target, headers)
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
