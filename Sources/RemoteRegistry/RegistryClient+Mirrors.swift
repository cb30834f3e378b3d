public import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel

// What a Chartroom's server says about its mirrors, from the paths below `/api/mirrors`; one request for each question.
extension RegistryClient: MirrorControl {
    private static let maximumMirrorBytes = 64 << 20

    /// Every mirror of the server.
    public func mirrors() async throws(ContentError) -> [MirrorState] {
        let tree = try await mirrorAnswer(.get, "")
        return try mirrorList(tree["mirrors"]) { json throws(OCIParseError) in try MirrorState(json: json) }
    }

    /// One of them.
    public func mirror(_ name: String) async throws(ContentError) -> MirrorState {
        try mirrorState(try await mirrorAnswer(.get, "/" + (try RegistryClient.mirrorName(name))))
    }

    /// Has the server look what a run would do.
    public func plan(of name: String) async throws(ContentError) -> MirrorPreview {
        let tree = try await mirrorAnswer(.get, "/" + (try RegistryClient.mirrorName(name)) + "/plan")
        return try mirrorDecoded { () throws(OCIParseError) in try MirrorPreview(json: tree) }
    }

    /// Has the server begin a run.
    public func run(_ name: String) async throws(ContentError) -> MirrorState {
        try mirrorState(try await mirrorAnswer(.post, "/" + (try RegistryClient.mirrorName(name)) + "/run"))
    }

    /// Has the server stop a run; the answer comes when it has stopped.
    public func cancel(_ name: String) async throws(ContentError) -> MirrorState {
        try mirrorState(try await mirrorAnswer(.post, "/" + (try RegistryClient.mirrorName(name)) + "/cancel"))
    }

    /// The latest runs.
    public func runs(of mirror: String?, before last: Int64?, limit: Int) async throws(ContentError) -> [MirrorRun] {
        var query = [("n", String(limit))]
        if let mirror { query.append(("mirror", mirror)) }
        if let last { query.append(("last", String(last))) }
        let tree = try await mirrorAnswer(.get, "/runs", query)
        return try mirrorList(tree["runs"]) { json throws(OCIParseError) in try MirrorRun(json: json) }
    }

    /// One run and its failures.
    public func report(of run: Int64) async throws(ContentError) -> MirrorReport {
        let tree = try await mirrorAnswer(.get, "/runs/\(run)")
        return try mirrorDecoded { () throws(OCIParseError) in try MirrorReport(json: tree) }
    }

    private func mirrorAnswer(
        _ method: HTTPMethod, _ path: String, _ query: [(String, String)] = []
    ) async throws(ContentError) -> JSONValue {
        var call = RegistryCall(
            method: method, url: try endpoint.url("/api/mirrors" + path, query), scope: .catalog, object: .mirrors)
        // A second POST would be refused because of the first, or stop what somebody else began since.
        call.isRepeatable = method == .get
        if method == .post { call.body = [] }
        let (_, body) = try await transport.body(of: call, maximumBytes: RegistryClient.maximumMirrorBytes)
        do {
            return try JSONValue(parsing: body)
        } catch {
            throw .unavailable("\(endpoint.name) sent no JSON about its mirrors")
        }
    }

    private func mirrorState(_ tree: JSONValue) throws(ContentError) -> MirrorState {
        try mirrorDecoded { () throws(OCIParseError) in try MirrorState(json: tree) }
    }

    private func mirrorList<Element>(
        _ json: JSONValue?, _ decode: (JSONValue) throws(OCIParseError) -> Element
    ) throws(ContentError) -> [Element] {
        try mirrorDecoded { () throws(OCIParseError) in
            guard let list = json?.array else { throw OCIParseError("there is no list") }
            var elements: [Element] = []
            for element in list { elements.append(try decode(element)) }
            return elements
        }
    }

    private func mirrorDecoded<Value>(_ read: () throws(OCIParseError) -> Value) throws(ContentError) -> Value {
        do {
            return try read()
        } catch {
            throw .unavailable("\(endpoint.name) describes its mirrors wrongly: \(error.description)")
        }
    }

    /// A name goes into a path: one with other bytes than a mirror may have is refused here.
    private static func mirrorName(_ name: String) throws(ContentError) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, !name.isEmpty else {
            throw .parameterInvalid("\(OCIParseError.quote(name)) is no name of a mirror: use a-z 0-9 . _ -")
        }
        return name
    }
}
