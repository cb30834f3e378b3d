import ChartInspection
import ChartServer
import Content
import FrontDoor
import HTTPClient
import HTTPMessage
import HTTPServer
import OCIModel
import Posix
import RemoteRegistry
import ServerSupport
import Telemetry
import TestSupport
import Testing

/// Charts that are only told of.
private struct ToldCatalog: ChartCatalog {
    let charts: [ChartSummary]

    init() throws {
        charts = try ["", "a", "a-b", "a/c", "z"].flatMap { namespace in
            try ["one", "two"].map { name in
                try ToldCatalog.chart(name, in: ChartNamespace(parsing: namespace))
            }
        }
    }

    static func chart(_ name: String, _ version: String = "1.0.0+b", in namespace: ChartNamespace)
        throws -> ChartSummary
    {
        ChartSummary(
            namespace: namespace, repository: try namespace.repository(forChart: name), name: name,
            version: version,
            appVersion: "v7", description: "says \"\(name)\" & more\n", isDeprecated: name == "two",
            type: "application",
            created: "2024-01-02T03:04:05Z", archive: Digest(of: [1]), size: 1 << 40,
            manifest: Digest(of: [2]),
            versionCount: 12)
    }

    func listCharts(in namespace: ChartNamespace?, _ page: PageRequest<ChartCursor>)
        async throws(ContentError) -> Page<
            ChartSummary
        >
    {
        let known = charts.filter { namespace == nil || $0.namespace == namespace }
        let start =
            page.last.flatMap { last in
                known.firstIndex { $0.namespace == last.namespace && $0.name == last.name }.map { $0 + 1 }
            } ?? 0
        let rest = known[start...]
        return Page(elements: Array(rest.prefix(page.limit)), hasMore: rest.count > page.limit)
    }

    func listVersions(of chart: String, in namespace: ChartNamespace) async throws(ContentError)
        -> [ChartSummary]
    {
        charts.filter { $0.name == chart && $0.namespace == namespace }
    }

    func searchCharts(
        _ text: String, in namespace: ChartNamespace?, limit: Int
    ) async throws(ContentError) -> [ChartSummary] {
        guard text != "-" else { throw .parameterInvalid("the text holds no word") }
        return Array(
            charts.filter { $0.name == text && (namespace == nil || $0.namespace == namespace) }.prefix(
                limit))
    }

    func listUnlisted(limit: Int) async throws(ContentError) -> [UnlistedChart] {
        charts.prefix(limit).map {
            UnlistedChart(
                repository: $0.repository, manifest: $0.manifest, tags: [], problem: "it is \($0.name)")
        }
    }
}

@Suite("What people ask about charts") struct KnowledgeTests {
    private func door(_ end: MemoryRegistry = MemoryRegistry()) throws -> FrontDoor {
        FrontDoor(
            [KnowledgeFace(try ToldCatalog(), inspector: ChartInspector(end))],
            authenticator: AnonymousAccess(.read), options: DoorOptions(), metrics: MetricsRegistry(),
            logger: Logger { _ in })
    }

    /// The face on a socket and a client of it.
    private func withClient(_ body: (RegistryClient) async throws -> Void) async throws {
        var configuration = ServerConfiguration(listen: .tcp(host: "127.0.0.1", port: 0))
        configuration.threads = 1
        let server = try Server(
            configuration, handler: door(), executor: ThreadPool(name: "work", threads: 2))
        try server.start()
        var configured = HTTPClientConfiguration()
        configured.proxy = .none
        let client = RegistryClient(
            try RegistryEndpoint(parsing: "http://\(server.address)"),
            credentials: FixedCredential.anonymous,
            client: try HTTPClient(configured))
        try await body(client)
        #expect(await server.shutDown(deadline: .seconds(10)))
    }

    @Test("Client and server mean the same by every answer") func bothEnds() async throws {
        let told = try ToldCatalog()
        try await withClient { client in
            for limit in [1, 3, 10, 100] {
                let page = try await client.listCharts(in: nil, PageRequest(limit: limit))
                #expect(page.elements == Array(told.charts.prefix(limit)))
                #expect(page.hasMore == (limit < told.charts.count))
            }
            let behind = ChartCursor(namespace: try ChartNamespace(parsing: "a-b"), name: "one")
            let rest = try await client.listCharts(in: nil, PageRequest(limit: 100, last: behind))
            #expect(rest.elements == Array(told.charts.dropFirst(5)))
            for namespace in [ChartNamespace.root, try ChartNamespace(parsing: "a/c")] {
                let page = try await client.listCharts(in: namespace, PageRequest(limit: 1))
                #expect(page.elements.map(\.namespace) == [namespace] && page.hasMore)
                let versions = try await client.listVersions(of: "two", in: namespace)
                #expect(versions == told.charts.filter { $0.name == "two" && $0.namespace == namespace })
                #expect(try await client.searchCharts("one", in: namespace, limit: 9).count == 1)
            }
            #expect(try await client.listVersions(of: "none", in: .root).isEmpty)
            #expect(try await client.searchCharts("one", in: nil, limit: 4).count == 4)
            #expect(try await client.listUnlisted(limit: 2).map(\.problem) == ["it is one", "it is two"])
            await #expect(throws: ContentError.self) {
                try await client.searchCharts("-", in: nil, limit: 1)
            }
        }
    }

    @Test(
        "A question that is none is told what it lacks",
        arguments: [
            ("/api/chart/search", "q"), ("/api/chart/show", "ref"), ("/api/chart/diff?from=a/b:1", "to"),
            ("/api/chart/diff?to=a/b:1", "from"), ("/api/chart/versions", "name"),
            ("/api/chart/list?n=x", "n="),
            ("/api/chart/list?namespace=..", "namespace"), ("/api/chart/show?ref=a/b:-", "ref"),
            ("/api/chart/values?ref=A..B", "ref"), ("/api/chart/show?ref=a@b", "ref"),
            ("/api/chart/list?n=%zz", "query"),
        ])
    func mistakes(target: String, word: String) async throws {
        let answer = await (try door()).send(.get, target)
        #expect(answer.status == 400 && answer.failure?.contains(word) == true, "\(answer.text)")
    }

    @Test("A chart that is not here is not found; other paths and methods are refused") func unknown()
        async throws
    {
        let door = try door()
        for verb in ["show", "values", "readme", "templates", "dependencies"] {
            #expect(
                await door.send(.get, "/api/chart/\(verb)?ref=my.team/none:1.0.0").status == 404, "\(verb)")
        }
        #expect(await door.send(.get, "/api/chart/diff?from=a/b:1&to=a/b:2").status == 404)
        let none = await door.send(.get, "/api/chart/explain")
        #expect(none.status == 404 && none.failure?.contains("dependencies") == true)
        #expect(await door.send(.post, "/api/chart/list").status == 405)
        #expect(await door.send(.head, "/api/chart/list").status == 200)
    }

    @Test("An answer is asked for again by its entity tag") func conditional() async throws {
        let door = try door()
        let tag = try #require(await door.send(.get, "/api/chart/list")["ETag"])
        #expect(await door.send(.get, "/api/chart/list", [("If-None-Match", tag)]).status == 304)
    }
}
