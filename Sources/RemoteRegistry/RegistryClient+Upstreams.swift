public import Content
internal import HTTPClient
internal import HTTPMessage
public import OCIModel

// What a Chartroom's server says about its upstreams, from the paths below `/api/`; one request for each question.
extension RegistryClient: UpstreamControl {
    private static let maximumAnswerBytes = 64 << 20

    /// Every configured upstream.
    public func upstreams() async throws(ContentError) -> [UpstreamState] {
        let tree = try await answer(.get, "upstreams", [], .catalog)
        return try decoded { () throws(OCIParseError) in
            try RegistryClient.list(tree["upstreams"]) { json throws(OCIParseError) in try UpstreamState(json: json) }
        }
    }

    /// Has the server ask its upstreams.
    public func testUpstreams(_ prefix: String?) async throws(ContentError) -> [UpstreamTest] {
        let query = prefix.map { [("prefix", $0)] } ?? []
        let tree = try await answer(.post, "upstreams/test", query, .catalog)
        return try decoded { () throws(OCIParseError) in
            try RegistryClient.list(tree["results"]) { json throws(OCIParseError) in try UpstreamTest(json: json) }
        }
    }

    /// Why a reference is answered as it is.
    public func explain(_ reference: Reference) async throws(ContentError) -> Explanation {
        let tree = try await answer(.get, "explain", [("ref", reference.path)], .pull(reference.repository))
        return try decoded { () throws(OCIParseError) in try Explanation(json: tree) }
    }

    /// What an upstream lists.
    public func upstreamReferences(in path: RepositoryName) async throws(ContentError) -> [Reference] {
        let tree = try await answer(.get, "upstreams/references", [("path", path.description)], .pull(path))
        return try decoded { () throws(OCIParseError) in
            try RegistryClient.list(tree["references"]) { json throws(OCIParseError) in
                try Reference(path: json.string ?? "")
            }
        }
    }

    /// Has the server fetch a reference; the answer comes when all is there.
    public func warm(_ reference: Reference) async throws(ContentError) -> WarmedReference {
        let tree = try await answer(
            .post, "upstreams/warm", [("ref", reference.path)], .push(reference.repository))
        return try decoded { () throws(OCIParseError) in try WarmedReference(json: tree) }
    }

    /// Has the server remove what it cached.
    public func purge(_ path: RepositoryName, _ options: PurgeOptions) async throws(ContentError) -> PurgeSummary {
        let query = [("path", path.description)] + options.query
        let tree = try await answer(.post, "upstreams/purge", query, .delete(path))
        return try decoded { () throws(OCIParseError) in try PurgeSummary(json: tree) }
    }

    private func answer(
        _ method: HTTPMethod, _ path: String, _ query: [(String, String)], _ scope: TokenScope
    ) async throws(ContentError) -> JSONValue {
        var call = RegistryCall(
            method: method, url: try endpoint.url("/api/\(path)", query), scope: scope, object: .upstreams)
        // The server repeats what it asks itself, and a second answer would count only what the first left.
        call.isRepeatable = method == .get
        if method == .post { call.body = [] }
        let (_, body) = try await transport.body(of: call, maximumBytes: RegistryClient.maximumAnswerBytes)
        do {
            return try JSONValue(parsing: body)
        } catch {
            throw .unavailable("\(endpoint.name) sent no JSON about its upstreams")
        }
    }

    private func decoded<Value>(_ read: () throws(OCIParseError) -> Value) throws(ContentError) -> Value {
        do {
            return try read()
        } catch {
            throw .unavailable("\(endpoint.name) describes its upstreams wrongly: \(error.description)")
        }
    }

    private static func list<Element>(
        _ json: JSONValue?, _ decode: (JSONValue) throws(OCIParseError) -> Element
    ) throws(OCIParseError) -> [Element] {
        guard let list = json?.array else { throw OCIParseError("there is no list") }
        var elements: [Element] = []
        for element in list { elements.append(try decode(element)) }
        return elements
    }
}
