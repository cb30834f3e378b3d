import Content
import OCIModel
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct PaginationTests {
    private let name = RepositoryName.named("a/b")

    private func tags(_ names: [String], next: String? = nil) -> ScriptedReply {
        let list = names.map { "\"\($0)\"" }.joined(separator: ",")
        return ScriptedReply(
            200, next.map { [("Link", "<\($0)>; rel=\"next\"")] } ?? [], text: #"{"name":"a/b","tags":[\#(list)]}"#)
    }

    private func names(_ page: Page<OCIModel.Tag>) -> [String] { page.elements.map { $0.description } }

    @Test("Links are followed until the page is full", arguments: ["relative", "absolute"])
    func links(kind: String) async throws {
        let server = try ScriptedServer { request in
            switch request.query {
            case "n=5":
                return tags(
                    ["a", "b"],
                    next: (kind == "absolute" ? "http://127.0.0.1:1" : "") + "/v2/a/b/tags/list?last=b&n=2&x=%2F")
            case "last=b&n=2&x=%2F": return tags(["c", "d"], next: "/v2/a/b/tags/list?last=d")
            case "last=d": return tags(["e", "f"], next: "/v2/a/b/tags/list?last=f")
            default: return ScriptedReply(400)
            }
        }
        let page = try await server.registry().tags(in: name, PageRequest(limit: 5))
        #expect(names(page) == ["a", "b", "c", "d", "e"])
        #expect(page.hasMore)
        #expect(server.requests.count == 3)
    }

    @Test("A registry that ignores n and last is cut and filtered here")
    func ignorant() async throws {
        let server = try ScriptedServer { _ in tags(["d", "a", "c", "b"]) }
        let registry = try server.registry()
        #expect(names(try await registry.tags(in: name, PageRequest(limit: 2, last: "a"))) == ["b", "c"])
        #expect(try await registry.tags(in: name, PageRequest(limit: 2, last: "a")).hasMore)
        #expect(try await !registry.tags(in: name, PageRequest(limit: 2, last: "b")).hasMore)
        #expect(
            try await registry.tags(in: name, PageRequest(limit: 0, last: "b")) == Page(elements: [], hasMore: true))
        #expect(
            try await registry.tags(in: name, PageRequest(limit: 0, last: "d")) == Page(elements: [], hasMore: false))
        #expect(server.requests.allSatisfy { $0.query.hasPrefix("n=") })
    }

    @Test("A list of null is empty")
    func null() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: #"{"name":"a/b","tags":null}"#) }
        #expect(try await server.registry().tags(in: name, PageRequest(limit: 3)) == Page(elements: [], hasMore: false))
    }

    @Test("A circle of links is an error, and so is a link to another host")
    func badLinks() async throws {
        for next in ["/v2/a/b/tags/list?n=3", "http://elsewhere.example/v2/a/b/tags/list", "http://[bad"] {
            let server = try ScriptedServer { _ in tags(["a"], next: next) }
            let registry = try server.registry()
            guard case .unavailable = await failure({ _ = try await registry.tags(in: name, PageRequest(limit: 3)) })
            else {
                Issue.record("\(next) was followed")
                return
            }
            #expect(server.requests.count <= 2)
        }
    }

    @Test(
        "What is no list of tags is an error",
        arguments: ["", "[]x", #"{"tags":7}"#, #"{"tags":[7]}"#, #"{"tags":["-bad"]}"#, "<html>"])
    func malformed(text: String) async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: text) }
        let registry = try server.registry()
        guard case .unavailable = await failure({ _ = try await registry.tags(in: name, PageRequest(limit: 3)) }) else {
            Issue.record("taken")
            return
        }
    }
}
