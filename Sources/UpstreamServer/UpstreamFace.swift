// UpstreamServer: what people ask about upstreams, over HTTP.
//
// Owns: the paths `/api/explain`, `/api/upstreams` and `/api/upstreams/…`. The JSON is Content's, which the client
// reads with the same code.
// Invariant: what only asks needs read access; what makes this server contact somebody or removes something needs
// write access.
// Threads: queries are read on the loop thread, everything else runs where it may block.

public import Content
public import FrontDoor
public import HTTPMessage
public import HTTPServer
internal import OCIModel

/// What a path asks about upstreams.
public enum UpstreamRoute: String, CaseIterable, FaceRoute {
    /// `GET ?ref=`: why a reference is answered as it is.
    case explain = "/api/explain"
    /// `GET`: every upstream and its state.
    case list = "/api/upstreams"
    /// `POST [?prefix=]`: whether upstreams can be reached.
    case test = "/api/upstreams/test"
    /// `GET ?path=`: the references an upstream lists.
    case references = "/api/upstreams/references"
    /// `POST ?ref=`: fetch one.
    case warm = "/api/upstreams/warm"
    /// `POST ?path=[&older=][&gone=][&dry=]`: remove what was cached.
    case purge = "/api/upstreams/purge"

    /// All are one kind: which path was asked is the log's object.
    public var kind: Int { 0 }

    /// GET for what asks, POST for what does.
    public var methods: MethodSet {
        switch self {
        case .explain, .list, .references: .read
        case .test, .warm, .purge: .post
        }
    }

    /// The path behind `/api/`.
    public var object: String? { String(rawValue.dropFirst("/api/".count)) }

    /// Whoever may read may ask, whoever may write may do.
    public func need(_ method: HTTPMethod) -> AccessNeed {
        switch self {
        case .explain, .list, .references: .read
        case .test, .warm, .purge: .readWrite
        }
    }
}

/// Answers questions about upstreams as JSON; errors are `{"error": "…"}`, as below all of `/api`.
///
/// It stands before the face of classic repositories, to which every other path below `/api` belongs.
public final class UpstreamFace: Face {
    private let control: any UpstreamControl

    /// Answers from whoever controls the upstreams.
    public init(_ control: any UpstreamControl) {
        self.control = control
    }

    /// One kind.
    public let kinds = ["upstreams"]

    /// Takes its own paths only: a classic repository may have a name that begins like them.
    public func recognize(_ request: any Request) -> Recognition<UpstreamRoute> {
        UpstreamRoute(rawValue: request.rawPath).map { .route($0) } ?? .foreign
    }

    /// Reads the query here, and looks for the answer on a thread that may block.
    public func plan(_ route: UpstreamRoute, _ request: any Request) throws(ContentError) -> Plan {
        let query = try request.queryItems()
        let control = control
        switch route {
        case .explain:
            let reference = try UpstreamFace.reference(query)
            return answer { () throws(ContentError) in try await control.explain(reference).json }
        case .list:
            return answer { () throws(ContentError) in
                .object([("upstreams", .array(try await control.upstreams().map(\.json)))])
            }
        case .test:
            let prefix = query.first("prefix").flatMap { $0.isEmpty ? nil : $0 }
            return answer { () throws(ContentError) in
                .object([("results", .array(try await control.testUpstreams(prefix).map(\.json)))])
            }
        case .references:
            let path = try UpstreamFace.path(query)
            return answer { () throws(ContentError) in
                let found = try await control.upstreamReferences(in: path)
                return .object([("references", .array(found.map { .string($0.path) }))])
            }
        case .warm:
            let reference = try UpstreamFace.reference(query)
            return answer { () throws(ContentError) in try await control.warm(reference).json }
        case .purge:
            let path = try UpstreamFace.path(query)
            let options = try UpstreamFace.parsed { () throws(OCIParseError) in
                try PurgeOptions { query.first($0) }
            }
            return answer { () throws(ContentError) in try await control.purge(path, options).json }
        }
    }

    /// `{"error": "<text>"}`.
    public func failure(_ error: ContentError) -> Response {
        var response = Response.json(
            HTTPStatus(rawValue: error.httpStatus), .object([("error", .string(error.message))]))
        response.headers += Response.headers(for: error)
        return response
    }

    /// Answers change from one moment to the next: nobody keeps them.
    private func answer(_ work: @escaping @Sendable () async throws(ContentError) -> JSONValue) -> Plan {
        perform { () throws(ContentError) in
            var response = Response.json(.ok, try await work())
            response.headers.append(("Cache-Control", "no-store"))
            return response
        }
    }

    private static func reference(_ query: QueryItems) throws(ContentError) -> Reference {
        let text = try required("ref", query)
        return try parsed { () throws(OCIParseError) in try Reference(path: text) }
    }

    private static func path(_ query: QueryItems) throws(ContentError) -> RepositoryName {
        let text = try required("path", query)
        return try parsed { () throws(OCIParseError) in try RepositoryName(parsing: text) }
    }

    private static func required(_ name: String, _ query: QueryItems) throws(ContentError) -> String {
        guard let text = query.first(name), !text.isEmpty else {
            throw .parameterInvalid("the query names no \(name): add ?\(name)=")
        }
        return text
    }

    private static func parsed<Value>(_ read: () throws(OCIParseError) -> Value) throws(ContentError) -> Value {
        do {
            return try read()
        } catch {
            throw .parameterInvalid(error.description)
        }
    }
}
