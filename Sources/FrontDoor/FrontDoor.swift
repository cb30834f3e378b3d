// FrontDoor: what every request passes, whatever it is for.
//
// Owns: who may pass, the service paths (`/`, `/healthz`, `/readyz`, `/metrics`), counting and logging, and the error
// body of the OCI specification, which is also that of paths nobody owns. Invariant: no face is asked to plan a request
// that may not pass. Faces are asked in the order given, on the loop thread; the registry comes first, since most
// requests are its.

public import Content
internal import HTTPMessage
public import HTTPServer
internal import Synchronization
public import Telemetry

/// What a door may be told.
public struct DoorOptions: Sendable {
    /// The largest body of any face, in bytes: what is read while credentials are looked into.
    public var maximumBodyBytes: Int64 = 20 << 30
    /// The server's name in the welcome text: `host:port`.
    public var hostName = "localhost"
    /// Whether the store can take writes now; asked by `/readyz`.
    public var isReady: @Sendable () throws(ContentError) -> Void = { () throws(ContentError) in }
    /// Whether each request is logged.
    public var logsAccess = true

    /// The defaults.
    public init() {}
}

/// Lets requests in to the faces of a server.
public final class FrontDoor: RequestHandler {
    /// A face, and the number of its first kind of route.
    private struct Entry {
        let face: any Face
        let firstKind: Int
    }

    private let entries: [Entry]
    private let kinds: [String]
    private let authenticator: any Authenticator
    private let options: DoorOptions
    private let meter: RequestMeter
    private let logger: Logger
    private let service: ServiceFace

    /// Opens on these faces; the service paths are the door's own.
    public init(
        _ faces: [any Face], authenticator: any Authenticator, options: DoorOptions, metrics: MetricsRegistry,
        logger: Logger
    ) {
        service = ServiceFace(options, metrics)
        // Number 0 is that of requests nobody owns.
        var kinds = ["none"]
        entries = (faces + [service]).map { face in
            defer { kinds += face.kinds }
            return Entry(face: face, firstKind: kinds.count)
        }
        self.kinds = kinds
        self.authenticator = authenticator
        self.options = options
        meter = RequestMeter(metrics, kinds)
        self.logger = logger
    }

    /// Tells `/readyz` that the server is about to stop, so that balancers send nothing new.
    public func beginDraining() { service.beginDraining() }

    /// Decides what happens to a request.
    public func plan(for request: any Request) -> Plan {
        for entry in entries {
            if let plan = plan(entry.face, entry.firstKind, request) { return plan }
        }
        return .respond(.failure(.notFound, code: "UNSUPPORTED", "there is nothing at this path"))
    }

    private func plan<Owner: Face>(_ face: Owner, _ firstKind: Int, _ request: any Request) -> Plan? {
        let route: Owner.Route
        switch face.recognize(request) {
        case .foreign: return nil
        case .wrong(let response): return .respond(response)
        case .route(let found): route = found
        }
        request.annotations.route = firstKind + route.kind
        let method = request.method
        guard route.methods.contains(method) else {
            var response = face.failure(
                .unsupported("\(method.rawValue) is not offered on \(face.kinds[route.kind]) paths"))
            response.headers.append(("Allow", route.methods.fieldValue))
            return .respond(response)
        }
        let need = route.need(method)
        if case .nothing = need { return FrontDoor.planned(face, route, request) }
        switch authenticator.recall(request.header("Authorization")) {
        case .identity(let identity):
            return admitted(face, route, request, identity, need)
        case .wrong:
            return .respond(unauthorized(face, "the user name or password is wrong"))
        case .unknown(let authorization):
            return verified(authorization, face, route, request, need)
        }
    }

    private func admitted<Owner: Face>(
        _ face: Owner, _ route: Owner.Route, _ request: any Request, _ identity: Identity, _ need: AccessNeed
    ) -> Plan {
        request.annotations.user = identity.user
        if let refusal = refusal(face, of: identity, need) { return .respond(refusal) }
        if options.logsAccess { request.annotations.object = route.object }
        return FrontDoor.planned(face, route, request)
    }

    private static func planned<Owner: Face>(_ face: Owner, _ route: Owner.Route, _ request: any Request) -> Plan {
        do throws(ContentError) {
            return try face.plan(route, request)
        } catch {
            return .respond(face.failure(error))
        }
    }

    private func refusal(_ face: some Face, of identity: Identity, _ need: AccessNeed) -> Response? {
        if case .login = need, identity.user == nil, authenticator.challengesOnBase {
            return unauthorized(face, "log in first")
        }
        guard identity.level < need.level else { return nil }
        if identity.user == nil { return unauthorized(face, "this needs a login") }
        let allowed = identity.level == .none ? "neither read nor write here" : "read here, not write"
        return face.failure(.denied("user \(identity.user ?? "") may \(allowed)"))
    }

    private func unauthorized(_ face: some Face, _ message: String) -> Response {
        var response = face.failure(.unauthorized(message))
        response.headers.append(("WWW-Authenticate", authenticator.challenge.fieldValue))
        return response
    }

    /// Looks into credentials off the loop thread, before the body is read where there is one.
    private func verified<Owner: Face>(
        _ authorization: String, _ face: Owner, _ route: Owner.Route, _ request: any Request, _ need: AccessNeed
    ) -> Plan {
        let admit: @Sendable () async -> Plan = { [self] in
            do throws(ContentError) {
                guard let identity = try await authenticator.verify(authorization) else {
                    return .respond(unauthorized(face, "the user name or password is wrong"))
                }
                return admitted(face, route, request, identity, need)
            } catch {
                return .respond(face.failure(error))
            }
        }
        if request.contentLength == 0 {
            return .perform { await FrontDoor.run(await admit()) }
        }
        return .stream(maximumBytes: options.maximumBodyBytes, LatePlan(admit) { face.failure($0) })
    }

    /// Carries out a plan that reads no body.
    private static func run(_ plan: Plan) async -> Response {
        switch plan {
        case .respond(let response): return response
        case .perform(let work): return await work()
        case .receive(_, let work): return await work([])
        case .stream(_, let consumer): return await consumer.finish()
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
                ("route", .string(kinds[request.annotations.route])),
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
