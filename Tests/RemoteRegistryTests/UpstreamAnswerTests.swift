import Content
import OCIModel
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite("Upstreams of a server that may not be what it says") struct UpstreamAnswerTests {
    @Test("Questions are sent with what they ask, escaped, and what changes something is posted") func questions()
        async throws
    {
        let server = try ScriptedServer { request in
            switch request.path {
            case "/api/upstreams": ScriptedReply(200, text: #"{"upstreams":[]}"#)
            case "/api/upstreams/test": ScriptedReply(200, text: #"{"results":[]}"#)
            case "/api/upstreams/warm": ScriptedReply(200, text: #"{"fetched":1,"bytes":2}"#)
            default: ScriptedReply(200, text: #"{"tags":1,"manifests":2,"bytes":3}"#)
            }
        }
        let registry = try server.registry()
        _ = try await registry.upstreams()
        _ = try await registry.testUpstreams("a b&c")
        _ = try await registry.warm(try Reference(path: "a/b:1+2"))
        _ = try await registry.purge(try RepositoryName(parsing: "a/b"), PurgeOptions())
        #expect(
            server.requests.map { "\($0.method) \($0.target)" } == [
                "GET /api/upstreams", "POST /api/upstreams/test?prefix=a%20b%26c",
                "POST /api/upstreams/warm?ref=a/b:1_2",
                "POST /api/upstreams/purge?path=a/b",
            ])
    }

    @Test("What changes something is asked for once") func once() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(503) }
        let registry = try server.registry()
        _ = await failure { _ = try await registry.purge(try RepositoryName(parsing: "a"), PurgeOptions()) }
        #expect(server.requests.count == 1)
    }

    @Test("A registry that is no Chartroom has no upstreams, and the message says so") func foreign() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(404, text: "404 page not found") }
        let registry = try server.registry()
        guard case .unsupported(let text) = await failure({ _ = try await registry.upstreams() }) else {
            Issue.record("not unsupported")
            return
        }
        #expect(text.contains("Chartroom"))
    }

    @Test(
        "What describes no upstream is refused",
        arguments: [
            "", "[]", "{}", #"{"upstreams":{}}"#, #"{"upstreams":[1]}"#, #"{"upstreams":[{"prefix":"a"}]}"#,
            #"{"upstreams":[{"prefix":"a","kind":"oci","urls":[1],"health":"ok","cachedTags":0,"goneTags":0}]}"#,
        ])
    func malformed(text: String) async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: text) }
        let registry = try server.registry()
        guard case .unavailable = await failure({ _ = try await registry.upstreams() }) else {
            Issue.record("taken for upstreams")
            return
        }
    }

    @Test("References that are none are refused") func references() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: #"{"references":["a:1","../b"]}"#) }
        let registry = try server.registry()
        guard
            case .unavailable = await failure({
                _ = try await registry.upstreamReferences(in: try RepositoryName(parsing: "a"))
            })
        else {
            Issue.record("taken for references")
            return
        }
    }
}
