import Content
import OCIModel
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite("Charts of another Chartroom") struct ChartCatalogTests {
    private static let digest = Digest(of: [1]).description

    private static func chart(_ name: String, namespace: String = "team") -> String {
        #"{"namespace":"\#(namespace)","repository":"team/\#(name)","name":"\#(name)","version":"1.0.0+a","#
            + #""appVersion":"2","description":"d","deprecated":true,"type":"library","created":"2024-01-02T03:04:05Z","#
            + #""digest":"\#(digest)","size":7,"manifest":"\#(digest)","versions":3,"more":1}"#
    }

    @Test("Pages are followed until there are as many as asked for") func pages() async throws {
        let link = [(name: "Link", value: "</api/chart/list?n=1>; rel=\"next\"")]
        let server = try ScriptedServer { request in
            switch request.target {
            case "/api/chart/list?n=3":
                ScriptedReply(200, link, text: #"{"charts":[\#(ChartCatalogTests.chart("a"))]}"#)
            case "/api/chart/list?n=2&last=team/a":
                ScriptedReply(
                    200, link,
                    text: #"{"charts":[\#(ChartCatalogTests.chart("b")),\#(ChartCatalogTests.chart("c"))]}"#)
            default: ScriptedReply(404)
            }
        }
        let page = try await server.registry().listCharts(in: nil, PageRequest(limit: 3))
        #expect(page.elements.map(\.name) == ["a", "b", "c"] && page.hasMore)
        let first = try #require(page.elements.first)
        #expect(first.namespace.description == "team" && first.repository.description == "team/a")
        #expect(first.version == "1.0.0+a" && first.appVersion == "2" && first.description == "d" && first.isDeprecated)
        #expect(first.type == "library" && first.created == "2024-01-02T03:04:05Z" && first.size == 7)
        #expect(first.archive.description == ChartCatalogTests.digest && first.versionCount == 3)
        #expect(first.manifest == first.archive)
    }

    @Test("A registry that repeats a page for ever is told so") func circle() async throws {
        let server = try ScriptedServer { _ in
            ScriptedReply(
                200, [(name: "Link", value: "</x>; rel=\"next\"")],
                text: #"{"charts":[\#(ChartCatalogTests.chart("a"))]}"#)
        }
        let registry = try server.registry()
        guard case .unavailable = await failure({ _ = try await registry.listCharts(in: nil, PageRequest(limit: 9)) })
        else {
            Issue.record("followed for ever")
            return
        }
    }

    @Test("Questions are sent with what they ask, escaped") func questions() async throws {
        let server = try ScriptedServer { request in
            request.path.hasSuffix("/unlisted")
                ? ScriptedReply(
                    200,
                    text: #"{"artifacts":[{"repository":"a/b","manifest":"\#(ChartCatalogTests.digest)","#
                        + #""tags":["1","2"],"problem":"no chart"}]}"#)
                : ScriptedReply(200, text: #"{"charts":[],"versions":[]}"#)
        }
        let registry = try server.registry()
        let team = try ChartNamespace(parsing: "a/b")
        #expect(try await registry.listVersions(of: "c+d", in: team).isEmpty)
        #expect(try await registry.listVersions(of: "c", in: .root).isEmpty)
        #expect(try await registry.searchCharts("web & proxy", in: nil, limit: 5).isEmpty)
        let unlisted = try await registry.listUnlisted(limit: 9)
        #expect(unlisted.map(\.problem) == ["no chart"])
        #expect(unlisted.first?.tags.map(\.description) == ["1", "2"])
        #expect(
            server.requests.map(\.target) == [
                "/api/chart/versions?namespace=a/b&name=c%2Bd", "/api/chart/versions?namespace=&name=c",
                "/api/chart/search?q=web%20%26%20proxy&n=5", "/api/chart/unlisted?n=9",
            ])
    }

    @Test("A registry that is no Chartroom cannot list charts, and the message says so") func foreign() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(404, text: "404 page not found") }
        let registry = try server.registry()
        guard case .unsupported(let text) = await failure({ _ = try await registry.listUnlisted(limit: 1) }) else {
            Issue.record("not unsupported")
            return
        }
        #expect(text.contains("Chartroom"))
    }

    @Test("What the server says is wrong with a question is passed on") func mistakes() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(400, text: #"{"error":"the text holds no word"}"#) }
        let registry = try server.registry()
        guard
            case .parameterInvalid(let text) = await failure({
                _ = try await registry.searchCharts("-", in: nil, limit: 1)
            })
        else {
            Issue.record("another error")
            return
        }
        #expect(text.contains("the text holds no word"))
    }

    @Test(
        "What is no list of charts is refused",
        arguments: [
            "", "[]", "{}", #"{"charts":{}}"#, #"{"charts":[{}]}"#, #"{"charts":[1]}"#,
            #"{"charts":[\#(chart("a", namespace: "A"))]}"#, #"{"charts":[\#(chart("a", namespace: "../x"))]}"#,
        ])
    func malformed(text: String) async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: text) }
        let registry = try server.registry()
        guard case .unavailable = await failure({ _ = try await registry.searchCharts("a", in: nil, limit: 1) }) else {
            Issue.record("taken for charts")
            return
        }
    }
}
