// RegistryServer: the routes of an OCI Distribution registry over Content.
//
// Owns: paths, status codes, header fields and error bodies. Invariant: handlers give a response or throw
// `ContentError`, and one function writes errors. Reads are answered on the loop thread; what writes or waits leaves
// it. Source: distribution-spec v1.1.1, and the additions of its 1.2 draft that docs/protocol.md lists.

public import Content
internal import HTTPMessage
public import HTTPServer
internal import OCIModel
internal import Synchronization
public import Telemetry

/// What the server serves: an end with its content at hand.
public typealias ServedRegistry = LocalReads & UploadSessions & RegistryEnd

/// What a handler may be told.
public struct HandlerOptions: Sendable {
    /// The largest manifest, in bytes; 413 above.
    public var maximumManifestBytes = 4 << 20
    /// The largest blob, in bytes; 413 above.
    public var maximumBlobBytes: Int64 = 20 << 30
    /// The login server in attribute objects: `host:port`.
    public var hostName = "localhost"
    /// Whether the store can take writes now; asked by `/readyz`.
    public var isReady: @Sendable () throws(ContentError) -> Void = { () throws(ContentError) in }
    /// Whether each request is logged.
    public var logsAccess = true

    /// The defaults.
    public init() {}
}

/// Answers the requests of a registry.
public final class RegistryHandler: RequestHandler {
    let registry: any ServedRegistry
    let authenticator: any Authenticator
    let options: HandlerOptions
    let metrics: MetricsRegistry
    private let meter: RequestMeter
    private let logger: Logger
    private let draining = Atomic(false)

    /// Serves a registry.
    public init(
        _ registry: any ServedRegistry, authenticator: any Authenticator, options: HandlerOptions,
        metrics: MetricsRegistry, logger: Logger
    ) {
        self.registry = registry
        self.authenticator = authenticator
        self.options = options
        self.metrics = metrics
        meter = RequestMeter(metrics)
        self.logger = logger
    }

    /// Tells `/readyz` that the server is about to stop, so that balancers send nothing new.
    public func beginDraining() {
        draining.store(true, ordering: .relaxed)
    }

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// Decides what happens to a request.
    public func plan(for request: any Request) -> Plan {
        let route: Route
        do throws(RouteError) {
            route = try Route(parsing: request.rawPath)
        } catch {
            return .respond(RegistryHandler.response(to: error, request.method))
        }
        request.annotations.route = route.kind.rawValue
        guard route.methods.contains(request.method) else {
            return .respond(RegistryHandler.notOffered(request.method, on: route))
        }
        let need = RegistryHandler.need(route, request.method)
        if need == .none, !isBase(route) { return service(route) }
        switch authenticator.recall(request.header("Authorization")) {
        case .identity(let identity):
            return admitted(route, request, identity, need)
        case .wrong:
            return .respond(unauthorized("the user name or password is wrong"))
        case .unknown(let authorization):
            return verified(authorization, route, request, need)
        }
    }

    private func isBase(_ route: Route) -> Bool {
        if case .base = route { true } else { false }
    }

    private func admitted(_ route: Route, _ request: any Request, _ identity: Identity, _ need: AccessLevel) -> Plan {
        request.annotations.user = identity.user
        if let refusal = refusal(of: identity, need, isBase(route)) { return .respond(refusal) }
        if options.logsAccess { request.annotations.object = route.object }
        do throws(ContentError) {
            return try plan(route, request)
        } catch {
            return .respond(.failure(error))
        }
    }

    private func refusal(of identity: Identity, _ need: AccessLevel, _ isBase: Bool) -> Response? {
        if isBase, identity.user == nil, authenticator.challengesOnBase { return unauthorized("log in first") }
        guard identity.level < need else { return nil }
        if identity.user == nil { return unauthorized("this needs a login") }
        let allowed = identity.level == .none ? "neither read nor write here" : "read here, not write"
        return .failure(.denied("user \(identity.user ?? "") may \(allowed)"))
    }

    private func unauthorized(_ message: String) -> Response {
        var response = Response.failure(.unauthorized(message))
        response.headers.append(("WWW-Authenticate", authenticator.challenge.fieldValue))
        return response
    }

    /// Looks into credentials off the loop thread, before the body is read where there is one.
    private func verified(_ authorization: String, _ route: Route, _ request: any Request, _ need: AccessLevel) -> Plan
    {
        let admit: @Sendable () async -> Plan = { [self] in
            do throws(ContentError) {
                guard let identity = try await authenticator.verify(authorization) else {
                    return .respond(unauthorized("the user name or password is wrong"))
                }
                return admitted(route, request, identity, need)
            } catch {
                return .respond(.failure(error))
            }
        }
        if request.contentLength == 0 {
            return .perform { await RegistryHandler.run(await admit()) }
        }
        return .stream(maximumBytes: options.maximumBlobBytes, LatePlan(admit))
    }

    /// Carries out a plan that reads no body.
    static func run(_ plan: Plan) async -> Response {
        switch plan {
        case .respond(let response): return response
        case .perform(let work): return await work()
        case .receive(_, let work): return await work([])
        case .stream(_, let consumer): return await consumer.finish()
        }
    }

    private func plan(_ route: Route, _ request: any Request) throws(ContentError) -> Plan {
        switch (route, request.method) {
        case (.base, .get), (.base, .head): return .respond(base())
        case (.catalog, .get), (.catalog, .head): return .respond(try catalog(request))
        case (.manifest(let name, let reference), .get), (.manifest(let name, let reference), .head):
            return .respond(try manifest(reference, in: name, request))
        case (.manifest(let name, let reference), .put): return try putManifest(reference, in: name, request)
        case (.manifest(let name, let reference), .delete): return deleteManifest(reference, in: name)
        case (.blob(let name, let digest), .get), (.blob(let name, let digest), .head):
            return .respond(try blob(digest, in: name, request))
        case (.blob(let name, let digest), .delete): return deleteBlob(digest, in: name)
        case (.uploads(let name), .post): return try beginUpload(in: name, request)
        case (.upload(let name, let id), .get), (.upload(let name, let id), .head):
            return uploadStatus(id, in: name)
        case (.upload(let name, let id), .patch): return try appendChunk(to: id, in: name, request)
        case (.upload(let name, let id), .put): return try finishUpload(id, in: name, request)
        case (.upload(let name, let id), .delete): return cancelUpload(id, in: name)
        case (.tags(let name), .get), (.tags(let name), .head): return .respond(try tags(in: name, request))
        case (.referrers(let name, let digest), .get), (.referrers(let name, let digest), .head):
            return .respond(try referrers(of: digest, in: name, request))
        case (.attributes(let route), _): return try attributes(route, request)
        default:
            throw .unsupported("\(request.method.rawValue) is not offered on \(route.kind) paths")
        }
    }

    /// What a request needs to be allowed.
    private static func need(_ route: Route, _ method: HTTPMethod) -> AccessLevel {
        switch route {
        case .root, .health, .readiness, .metrics, .base: .none
        case .catalog, .tags, .referrers: .read
        case .uploads, .upload: .readWrite
        case .manifest, .blob, .attributes: method == .get || method == .head ? .read : .readWrite
        }
    }

    private static func notOffered(_ method: HTTPMethod, on route: Route) -> Response {
        var response = Response.failure(.unsupported("\(method.rawValue) is not offered on \(route.kind) paths"))
        response.headers.append(("Allow", route.methods.map(\.rawValue).joined(separator: ", ")))
        return response
    }

    private static func response(to error: RouteError, _ method: HTTPMethod) -> Response {
        switch error {
        case .unknown: .failure(.notFound, code: "UNSUPPORTED", "there is nothing at this path")
        // Reading what cannot exist finds nothing; writing it is a mistake.
        case .malformed(.manifestUnknown(let text)) where method == .put: .failure(.manifestInvalid(text))
        case .malformed(let error): .failure(error)
        }
    }

    // MARK: After the response

    /// Counts and logs a request.
    public func finished(_ request: any Request, _ outcome: Outcome) {
        meter.count(request.annotations.route, request.method, outcome)
        guard options.logsAccess else { return }
        logger.info(
            "request",
            [
                ("id", .string(request.requestID)), ("client", .string(request.peer)),
                ("user", .string(request.annotations.user ?? "-")), ("method", .string(request.method.rawValue)),
                ("route", .string(Route.Kind.names[request.annotations.route])),
                ("object", .string(request.annotations.object ?? "-")), ("status", .count(outcome.status)),
                ("sent", .integer(outcome.bytesSent)), ("received", .integer(outcome.bytesReceived)),
                (
                    "microseconds",
                    .integer(
                        outcome.duration.components.seconds * 1_000_000
                            + outcome.duration.components.attoseconds / 1_000_000_000_000)
                ),
                ("complete", .bool(outcome.isComplete)),
            ])
    }

    /// The response for a request the server itself refuses.
    public func refusal(_ status: Int, _ message: String) -> Response {
        let code =
            switch status {
            case 413: "SIZE_INVALID"
            case 429: "TOOMANYREQUESTS"
            case 503: "UNAVAILABLE"
            default: "UNSUPPORTED"
            }
        return .failure(HTTPStatus(rawValue: status), code: code, message)
    }
}
