import Content
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct TagListTests {
    private let name = RepositoryName.named("a/b")

    private func page(_ elements: String, next: String? = nil, tag: String? = nil) -> ScriptedReply {
        let headers =
            (next.map { [(name: "Link", value: "<\($0)>; rel=\"next\"")] } ?? [])
            + (tag.map { [(name: "ETag", value: $0)] } ?? [])
        return ScriptedReply(200, headers, text: #"{"name":"a/b","tags":\#(elements)}"#)
    }

    private func list(_ tags: [String], _ entityTag: String?, dropped: Int = 0) throws -> TagListAnswer {
        .list(try tags.map { try OCIModel.Tag(parsing: $0) }, entityTag: entityTag, droppedCount: dropped)
    }

    @Test("All pages are read; the tags come sorted, each once, without what is no tag")
    func pages() async throws {
        let server = try ScriptedServer([
            "GET /v2/a/b/tags/list?n=1000": [page(#"["c","-bad",7]"#, next: "/v2/a/b/tags/list?last=c", tag: "\"1\"")],
            "GET /v2/a/b/tags/list?last=c": [page(#"["b","c",null,{"a":[1]}]"#, next: "list?last=d")],
            "GET /v2/a/b/tags/list?last=d": [page(#"["a"]"#, tag: "\"3\"")],
        ])
        let found = try await server.registry().tagList(in: name, unless: "\"0\"")
        #expect(try found == list(["a", "b", "c"], nil, dropped: 4))
        #expect(server.requests.map { $0.header("If-None-Match") } == ["\"0\"", nil, nil])
    }

    @Test("One page has an entity tag, by which it is known again")
    func conditional() async throws {
        let server = try ScriptedServer { request in
            request.header("If-None-Match") == "W/\"1\"" ? ScriptedReply(304) : page(#"["a"]"#, tag: "W/\"1\"")
        }
        let registry = try server.registry()
        #expect(try await registry.tagList(in: name) == list(["a"], "W/\"1\""))
        #expect(try await registry.tagList(in: name, unless: "W/\"1\"") == .same)
    }

    @Test("Null is an empty list; other JSON, half a JSON and no JSON are errors")
    func shapes() async throws {
        let empty = try ScriptedServer { _ in page("null") }
        #expect(try await empty.registry().tagList(in: name) == list([], nil))
        let bad = [
            "", "[]", "{}", #"{"errors":[]}"#, #"{"tags":7}"#, #"{"tags":{"a":"b"}}"#, #"{"tags":["a""#, "<html>",
            #"{"tags":["a"]}x"#, "[\"a\"]", "null",
        ]
        for text in bad {
            let server = try ScriptedServer { _ in ScriptedReply(200, text: text) }
            guard case .unavailable = await failure({ _ = try await server.registry().tagList(in: name) }) else {
                Issue.record("\(text) was taken")
                return
            }
        }
    }

    @Test("A circle of links ends, and so does a link to another host")
    func links() async throws {
        let circle = try ScriptedServer { request in
            page(#"["a"]"#, next: "/v2/a/b/tags/list?" + (request.query == "x" ? "y" : "x"))
        }
        let elsewhere = try ScriptedServer { _ in page(#"["a"]"#, next: "http://elsewhere.example/v2/a/b/tags/list") }
        let empty = try ScriptedServer { request in
            page("[]", next: "/v2/a/b/tags/list?\(request.query.utf8.count)" + request.query)
        }
        for server in [circle, elsewhere, empty] {
            guard case .unavailable = await failure({ _ = try await server.registry().tagList(in: name) }) else {
                Issue.record("it was followed")
                return
            }
            #expect(server.requests.count <= 101)
        }
        #expect(circle.requests.count == 3)
        #expect(elsewhere.requests.count == 1)
    }

    @Test("More tags than the limit are too large, in one page or many")
    func limits() async throws {
        let much = (0..<200_001).map { "\"\($0)\"" }.joined(separator: ",")
        let one = try ScriptedServer { _ in page("[\(much)]") }
        let numbers = Mutex(0)
        let many = try ScriptedServer { _ in
            let number = numbers.withLock { number in
                number += 1
                return number
            }
            let names = (0..<20_000).map { "\"\(number)-\($0)\"" }.joined(separator: ",")
            return page("[\(names)]", next: "/v2/a/b/tags/list?\(number)")
        }
        for server in [one, many] {
            guard case .tooLarge = await failure({ _ = try await server.registry().tagList(in: name) }) else {
                Issue.record("it was taken")
                return
            }
        }
        #expect(many.requests.count == 11)
    }

    @Test("A repository that is not there is unknown")
    func unknown() async throws {
        let server = try ScriptedServer { _ in ScriptedReply.error(404, "NAME_UNKNOWN") }
        guard case .nameUnknown = await failure({ _ = try await server.registry().tagList(in: name) }) else {
            Issue.record("no nameUnknown")
            return
        }
    }
}

@Suite struct ReferrerTests {
    private let name = RepositoryName.named("a/b")
    private let subject = Digest(of: [9])
    private let index = (name: "Content-Type", value: MediaType.ociIndex.description)

    private func descriptor(_ byte: UInt8, _ type: String = "x/sig") -> Descriptor {
        Descriptor(mediaType: .ociManifest, digest: Digest(of: [byte]), size: 10, artifactType: type)
    }

    private func text(_ descriptors: [Descriptor], also: String = "") -> String {
        let list = descriptors.map { $0.json.description() }.joined(separator: ",") + also
        return #"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":[\#(list)]}"#
    }

    private func sorted(_ descriptors: [Descriptor]) -> [Descriptor] { descriptors.sorted { $0.digest < $1.digest } }

    @Test("The API is asked for all pages; what does not fit the type, or is no descriptor, is left out")
    func pages() async throws {
        let path = "/v2/a/b/referrers/\(subject)"
        let server = try ScriptedServer([
            "GET \(path)": [
                ScriptedReply(
                    200, [index, ("Link", "<\(path)?p=2>; rel=\"next\"")],
                    text: text([descriptor(1), descriptor(2, "x/sbom")]))
            ],
            "GET \(path)?p=2": [ScriptedReply(200, [index], text: text([descriptor(3), descriptor(1)], also: ",7"))],
            "GET \(path)?artifactType=x/sbom": [
                ScriptedReply(200, [index], text: text([descriptor(1), descriptor(2, "x/sbom")]))
            ],
        ])
        let registry = try server.registry()
        let all = sorted([descriptor(1), descriptor(2, "x/sbom"), descriptor(3)])
        #expect(try await registry.referrers(of: subject, in: name) == all)
        #expect(
            try await registry.referrers(of: subject, in: name, artifactType: "x/sbom") == [descriptor(2, "x/sbom")])
    }

    @Test("Where the API is not offered the index under the fallback tag stands in", arguments: [404, 405, 200])
    func fallback(status: Int) async throws {
        let text = text([descriptor(1), descriptor(2, "x/sbom")])
        let server = try ScriptedServer { request in
            request.path == "/v2/a/b/manifests/sha256-" + subject.hex
                ? ScriptedReply(200, [index], text: text)
                : ScriptedReply(status, [("Content-Type", "text/html")], text: "<html>")
        }
        let found = try await server.registry().referrers(of: subject, in: name, artifactType: "x/sig")
        #expect(found == [descriptor(1)])
    }

    @Test("Nothing there means no referrers")
    func nothing() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(404) }
        #expect(try await server.registry().referrers(of: subject, in: name).isEmpty)
        let known = try ScriptedServer { _ in ScriptedReply(200, [index], text: text([])) }
        #expect(try await known.registry().referrers(of: subject, in: name).isEmpty)
    }

    @Test("Refusals are no empty list", arguments: [401, 403, 429, 500])
    func refused(status: Int) async throws {
        let server = try ScriptedServer { _ in ScriptedReply(status) }
        let error = await failure { _ = try await server.registry().referrers(of: subject, in: name) }
        #expect(error != nil)
    }

    @Test("More than the limit is too large, from either place", arguments: [true, false])
    func limit(hasAPI: Bool) async throws {
        let many = text(Array(repeating: descriptor(1), count: 10_001))
        let server = try ScriptedServer { request in
            !hasAPI && request.path.contains("referrers") ? ScriptedReply(404) : ScriptedReply(200, [index], text: many)
        }
        guard case .tooLarge = await failure({ _ = try await server.registry().referrers(of: subject, in: name) })
        else {
            Issue.record("it was taken")
            return
        }
    }
}
