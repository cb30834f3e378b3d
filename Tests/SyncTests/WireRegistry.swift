import Content
import HTTPClient
import OCIModel
import RemoteRegistry
import Synchronization
import TestSupport
import Testing

/// A registry on a socket that takes nothing that is wrong or incomplete, unless the test answers in its place.
final class WireRegistry: Sendable {
    struct Held {
        var blobs: [String: [UInt8]] = [:]
        /// Type and bytes by repository and digest.
        var manifests: [String: (type: String, bytes: [UInt8])] = [:]
        /// Digests by repository and tag.
        var tags: [String: [String: String]] = [:]
        /// Every digest a tag has ever named.
        var history: Set<String> = []
    }

    /// What answers in place of the registry; nil leaves it to that.
    typealias Fault = @Sendable (ScriptedRequest) -> ScriptedReply?

    private final class Store: Sendable {
        let held = Mutex(Held())
        let fault = Mutex<Fault?>(nil)
    }

    private let store = Store()
    let server: ScriptedServer

    init() throws {
        server = try ScriptedServer { [store] request in
            if let fault = store.fault.withLock({ $0 }), let reply = fault(request) { return reply }
            return store.held.withLock { WireRegistry.answer(request, &$0) }
        }
    }

    func fail(_ fault: Fault?) { store.fault.withLock { $0 = fault } }
    var held: Held { store.held.withLock { $0 } }

    func put(_ chart: PackedChart, _ repository: String) {
        store.held.withLock { held in
            for bytes in [chart.archive, chart.config] { held.blobs["\(repository)@\(Digest(of: bytes))"] = bytes }
            let digest = "\(chart.manifest.digest)"
            held.manifests["\(repository)@\(digest)"] = (
                chart.manifest.mediaType.description, chart.manifest.bytes
            )
            held.tags[repository, default: [:]][chart.version] = digest
            held.history.insert("\(repository):\(chart.version)@\(digest)")
        }
    }

    /// A client that makes two attempts and does not wait between them.
    func client() throws -> RegistryClient {
        var configuration = HTTPClientConfiguration()
        configuration.proxy = .none
        var options = RegistryClient.Options()
        options.retry.maximumAttempts = 2
        options.timing.sleep = { _ in }
        options.deadlines = HTTPDeadlines(firstByte: .milliseconds(500), stall: .milliseconds(500))
        return RegistryClient(
            try RegistryEndpoint(parsing: server.url), credentials: FixedCredential.anonymous,
            client: try HTTPClient(configuration), options)
    }

    /// Every tag names a manifest whose whole graph is there and hashes to what it is called.
    func check(_ what: String, _ location: SourceLocation = #_sourceLocation) {
        let held = held
        for (repository, tags) in held.tags {
            for (tag, digest) in tags {
                let bytes = held.manifests["\(repository)@\(digest)"]?.bytes ?? []
                #expect("\(Digest(of: bytes))" == digest, "\(what): \(repository):\(tag)", sourceLocation: location)
                guard let manifest = try? Manifest(parsing: bytes, contentType: .ociManifest) else { continue }
                for blob in manifest.references {
                    let bytes = held.blobs["\(repository)@\(blob.digest)"] ?? []
                    #expect(Digest(of: bytes) == blob.digest, "\(what): \(repository):\(tag)", sourceLocation: location)
                }
            }
        }
    }

    // MARK: Answers

    private static func error(_ status: Int, _ code: String) -> ScriptedReply {
        ScriptedReply(status, text: #"{"errors":[{"code":"\#(code)","message":"no"}]}"#)
    }

    private static func answer(_ request: ScriptedRequest, _ held: inout Held) -> ScriptedReply {
        let elements = request.path.split(separator: "/").map { String($0).replacing("%3A", with: ":") }
        guard elements.first == "v2" else { return ScriptedReply(404, text: "404 page not found") }
        if elements.last == "_catalog" { return list("repositories", held.tags.keys.sorted()) }
        if let end = elements.lastIndex(of: "uploads") {
            return upload(request, elements[1..<(end - 1)].joined(separator: "/"), &held)
        }
        guard elements.count > 3 else { return ScriptedReply(200) }
        let repository = elements[1..<(elements.count - 2)].joined(separator: "/")
        let reference = elements[elements.count - 1]
        let isHead = request.method == "HEAD"
        switch elements[elements.count - 2] {
        case "tags":
            guard let tags = held.tags[repository] else { return error(404, "NAME_UNKNOWN") }
            return list("tags", tags.keys.sorted())
        case "blobs":
            guard let bytes = held.blobs["\(repository)@\(reference)"] else { return error(404, "BLOB_UNKNOWN") }
            return ScriptedReply(200, [("Docker-Content-Digest", reference)], body: bytes, isHead: isHead)
        default: break
        }
        if request.method == "PUT" { return put(request, repository, reference, &held) }
        let digest = held.tags[repository]?[reference] ?? reference
        guard let found = held.manifests["\(repository)@\(digest)"] else { return error(404, "MANIFEST_UNKNOWN") }
        return ScriptedReply(
            200, [("Content-Type", found.type), ("Docker-Content-Digest", digest)], body: found.bytes, isHead: isHead)
    }

    private static func list(_ name: String, _ texts: [String]) -> ScriptedReply {
        ScriptedReply(200, text: "{\"\(name)\":[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]}")
    }

    private static func upload(
        _ request: ScriptedRequest, _ repository: String, _ held: inout Held
    ) -> ScriptedReply {
        if request.method == "POST" {
            return ScriptedReply(202, [("Location", "/v2/\(repository)/blobs/uploads/1")])
        }
        let digest = "\(Digest(of: request.body))"
        guard request.method == "PUT", request.query.replacing("%3A", with: ":").hasSuffix("digest=\(digest)") else {
            return error(400, "DIGEST_INVALID")
        }
        held.blobs["\(repository)@\(digest)"] = request.body
        return ScriptedReply(201, [("Docker-Content-Digest", digest)])
    }

    private static func put(
        _ request: ScriptedRequest, _ repository: String, _ reference: String, _ held: inout Held
    ) -> ScriptedReply {
        guard let manifest = try? Manifest(parsing: request.body, contentType: .ociManifest) else {
            return error(400, "MANIFEST_INVALID")
        }
        for blob in manifest.references where held.blobs["\(repository)@\(blob.digest)"] == nil {
            return error(404, "MANIFEST_BLOB_UNKNOWN")
        }
        let digest = "\(Digest(of: request.body))"
        held.manifests["\(repository)@\(digest)"] = (request.header("Content-Type") ?? "", request.body)
        if !reference.contains(":") {
            held.tags[repository, default: [:]][reference] = digest
            held.history.insert("\(repository):\(reference)@\(digest)")
        }
        return ScriptedReply(201, [("Docker-Content-Digest", digest)])
    }
}

/// What a server does instead of its work.
enum WireFault: String, CaseIterable, CustomTestStringConvertible {
    case unauthorized, denied, missing, tooLarge, limited, broken, badGateway, away, full
    case loops, page, otherType, noJSON, empty, otherBytes, short, endless, reset, silent, otherDigest

    var testDescription: String { rawValue }

    func reply(_ request: ScriptedRequest, _ gate: Gate) -> ScriptedReply {
        let isHead = request.method == "HEAD"
        let text = Array(#"{"errors":[]}"#.utf8)
        func status(_ status: Int, _ headers: [(name: String, value: String)] = []) -> ScriptedReply {
            ScriptedReply(status, headers, body: text, isHead: isHead)
        }
        func success(_ type: String, _ body: String, _ more: [(name: String, value: String)] = []) -> ScriptedReply {
            ScriptedReply(200, [("Content-Type", type)] + more, body: Array(body.utf8), isHead: isHead)
        }
        let other = "\(Digest(of: [1, 2, 3]))"
        return switch self {
        case .unauthorized: status(401)
        case .denied: status(403)
        case .missing: status(404)
        case .tooLarge: status(413)
        case .limited: status(429, [("Retry-After", "1")])
        case .broken: status(500)
        case .badGateway: status(502)
        case .away: status(503)
        case .full: status(507)
        case .loops: ScriptedReply(302, [("Location", request.target)], body: [], isHead: isHead)
        case .page: success("text/html", "<html>Please log in</html>")
        case .otherType: success("image/png", "PNG")
        case .noJSON: success("application/vnd.oci.image.manifest.v1+json", "{\"schemaVersion\":")
        case .empty: success("application/vnd.oci.image.manifest.v1+json", "")
        case .otherBytes: success("application/octet-stream", "quite other bytes than asked for")
        case .short: ScriptedReply.lying(length: 100_000, body: Array("{".utf8))
        case .endless: ScriptedReply.endless(piece: [UInt8](repeating: 32, count: 65536))
        case .reset: ScriptedReply([.reset])
        case .silent: ScriptedReply.silence(until: gate)
        case .otherDigest:
            ScriptedReply(
                request.method == "PUT" ? 201 : 200,
                [("Docker-Content-Digest", other), ("Content-Type", "application/vnd.oci.image.manifest.v1+json")],
                body: Array("{}".utf8), isHead: isHead)
        }
    }
}
