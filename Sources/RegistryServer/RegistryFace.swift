// RegistryServer: the routes of an OCI Distribution registry over Content.
//
// Owns: paths, status codes and header fields of the OCI and ACR routes; who may pass, errors' bodies and the log are
// the door's. Invariant: routes give a response or throw `ContentError`. Reads are answered on the loop thread; what
// writes or waits leaves it. Source: distribution-spec v1.1.1, and the additions of its 1.2 draft that docs/protocol.md lists.

public import Content
public import FrontDoor
internal import HTTPMessage
public import HTTPServer
internal import OCIModel

/// What the server serves: an end with its content at hand.
public typealias ServedRegistry = LocalReads & UploadSessions & RegistryEnd

/// What the registry's face may be told.
public struct RegistryFaceOptions: Sendable {
    /// The largest manifest, in bytes; 413 above.
    public var maximumManifestBytes = 4 << 20
    /// The largest blob, in bytes; 413 above.
    public var maximumBlobBytes: Int64 = 20 << 30
    /// The login server in attribute objects: `host:port`.
    public var hostName = "localhost"

    /// The defaults.
    public init() {}
}

/// Answers the requests of an OCI registry.
public final class RegistryFace: Face {
    let registry: any ServedRegistry
    let options: RegistryFaceOptions
    /// What is asked before the registry; nil when no upstreams stand behind it.
    let cache: (any UpstreamReads)?

    /// Serves a registry, and what `cache` says stands behind it.
    public init(
        _ registry: any ServedRegistry, _ options: RegistryFaceOptions = RegistryFaceOptions(),
        cache: (any UpstreamReads)? = nil
    ) {
        self.registry = registry
        self.options = options
        self.cache = cache
    }

    /// The kinds of its routes.
    public let kinds = RegistryTarget.Kind.allCases.map { "\($0)" }

    /// Reads a path below `/v2` or `/acr/v1`.
    public func recognize(_ request: any Request) -> Recognition<RegistryRoute> {
        do throws(RouteError) {
            return .route(RegistryRoute(target: try RegistryTarget(parsing: request.rawPath)))
        } catch {
            if case .foreign = error { return .foreign }
            return .wrong(RegistryFace.response(to: error, request.method))
        }
    }

    /// An error in the specification's form.
    public func failure(_ error: ContentError) -> Response { .failure(error) }

    /// Decides what happens to a request that may pass.
    public func plan(_ route: RegistryRoute, _ request: any Request) throws(ContentError) -> Plan {
        switch (route.target, request.method) {
        case (.base, .get), (.base, .head): return .respond(base())
        case (.catalog, .get), (.catalog, .head): return .respond(try catalog(request))
        case (.manifest(let name, let reference), .get), (.manifest(let name, let reference), .head):
            return try manifest(reference, in: place(name, request), request)
        case (.manifest(let name, let reference), .put):
            try cache?.checkPush(to: name)
            return try putManifest(reference, in: name, request)
        case (.manifest(let name, let reference), .delete): return deleteManifest(reference, in: name)
        case (.blob(let name, let digest), .get), (.blob(let name, let digest), .head):
            return try blob(digest, in: place(name, request), request)
        case (.blob(let name, let digest), .delete): return deleteBlob(digest, in: name)
        case (.uploads(let name), .post):
            try cache?.checkPush(to: name)
            return try beginUpload(in: name, request)
        case (.upload(let name, let id), .get), (.upload(let name, let id), .head):
            return uploadStatus(id, in: name)
        case (.upload(let name, let id), .patch):
            try cache?.checkPush(to: name)
            return try appendChunk(to: id, in: name, request)
        case (.upload(let name, let id), .put):
            try cache?.checkPush(to: name)
            return try finishUpload(id, in: name, request)
        case (.upload(let name, let id), .delete): return cancelUpload(id, in: name)
        case (.tags(let name), .get), (.tags(let name), .head): return try tags(in: place(name, request), request)
        case (.referrers(let name, let digest), .get), (.referrers(let name, let digest), .head):
            return try referrers(of: digest, in: place(name, request), request)
        case (.attributes(let route), _): return try attributes(route, request)
        default:
            throw .unsupported("\(request.method.rawValue) is not offered on \(route.target.kind) paths")
        }
    }

    private static func response(to error: RouteError, _ method: HTTPMethod) -> Response {
        switch error {
        case .foreign, .unknown: .failure(.notFound, code: "UNSUPPORTED", "there is nothing at this path")
        // Reading what cannot exist finds nothing; writing it is a mistake.
        case .malformed(.manifestUnknown(let text)) where method == .put: .failure(.manifestInvalid(text))
        case .malformed(let error): .failure(error)
        }
    }
}
