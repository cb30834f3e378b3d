import Content
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct InventoryTests {
    private let name = RepositoryName.named("a/b")
    private let chart = SampleChart("x", "1.0.0")

    /// A registry with `/v2/` and two tags on one manifest, and nothing else.
    private func plainServer(_ missing: ScriptedReply = ScriptedReply(404, text: "404 page not found")) throws
        -> ScriptedServer
    {
        let (manifest, digest) = (chart.manifest, chart.manifest.digest.description)
        let headers = [
            (name: "Docker-Content-Digest", value: digest), ("Content-Type", manifest.mediaType.description),
        ]
        return try ScriptedServer { request in
            switch (request.method, request.path) {
            case ("GET", "/v2/a/b/tags/list"): ScriptedReply(200, text: #"{"tags":["1","2"]}"#)
            case ("HEAD", "/v2/a/b/manifests/1"), ("HEAD", "/v2/a/b/manifests/2"):
                ScriptedReply(200, headers, body: manifest.bytes, isHead: true)
            case ("GET", "/v2/a/b/manifests/" + digest): ScriptedReply(200, headers, body: manifest.bytes)
            default: request.path.hasPrefix("/acr/") ? missing : .error(404, "NAME_UNKNOWN")
            }
        }
    }

    @Test(
        "A registry without attribute paths is asked for them once, then read through its tags",
        arguments: [404, 405, 501])
    func fallback(status: Int) async throws {
        let server = try plainServer(ScriptedReply(status, text: "no"))
        let registry = try server.registry()
        let tags = try await registry.tagList(in: name, naming: nil, PageRequest(limit: 10))
        #expect(tags.elements.map { $0.name.description } == ["1", "2"])
        #expect(tags.elements.allSatisfy { $0.digest == chart.manifest.digest && $0.createdAt == 0 })
        let manifests = try await registry.manifestList(in: name, PageRequest(limit: 10))
        #expect(manifests.elements.map(\.digest) == [chart.manifest.digest])
        #expect(manifests.elements[0].tags.map { $0.description } == ["1", "2"])
        #expect(manifests.elements[0].imageSize == Int64(chart.config.count + chart.archive.count))
        let attributes = try await registry.repository(name)
        #expect(attributes.tagCount == 2 && attributes.manifestCount == 1)
        #expect(server.requests.filter { $0.path.hasPrefix("/acr/") }.count <= 2)
    }

    @Test("A repository unknown to a registry with attribute paths is unknown, not read otherwise")
    func unknownIsNoFallback() async throws {
        let server = try plainServer(.error(404, "NAME_UNKNOWN"))
        let registry = try server.registry()
        for work in [
            { _ = try await registry.repository(name) },
            { _ = try await registry.tagList(in: name, naming: nil, PageRequest(limit: 1)) },
            { _ = try await registry.manifestList(in: name, PageRequest(limit: 1)) },
        ] as [() async throws -> Void] {
            guard case .nameUnknown = await failure(work) else {
                Issue.record("not unknown")
                return
            }
        }
        #expect(server.requests.allSatisfy { $0.path.hasPrefix("/acr/") })
    }

    @Test("A failure that passes is no reason to think the paths are missing")
    func failureIsNoFallback() async throws {
        let server = try plainServer(ScriptedReply(500))
        let registry = try server.registry()
        guard case .unavailable = await failure({ _ = try await registry.repository(name) }) else {
            Issue.record("taken for missing")
            return
        }
        #expect(!registry.lacksAttributePaths.withLock { $0 })
    }

    @Test("What went with a repository is counted from names or numbers")
    func removed() async throws {
        for text in [
            #"{"manifestsDeleted":["a","b"],"tagsDeleted":["x"]}"#,
            #"{"manifestsDeletedCount":2,"tagsDeletedCount":1}"#,
            #"{"manifestsDeleted":2,"tagsDeleted":1}"#,
        ] {
            let server = try ScriptedServer(["DELETE /acr/v1/a/b": [ScriptedReply(202, text: text)]])
            let removed = try await server.registry().deleteRepository(name)
            #expect(removed.manifests == 2 && removed.tags == 1)
        }
        let silent = try ScriptedServer(["DELETE /acr/v1/a/b": [ScriptedReply(202)]])
        #expect(try await silent.registry().deleteRepository(name) == (0, 0))
    }

    @Test("A change of locks names only what changes")
    func locks() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: "{}") }
        let registry = try server.registry()
        let change = AttributeChange(enable: [.write], disable: [.delete, .list])
        try await registry.changeAttributes(change, of: .tag(Tag(parsing: "1")), in: name)
        try await registry.changeAttributes(change, of: .digest(chart.manifest.digest), in: name)
        try await registry.changeAttributes(change, of: nil, in: name)
        #expect(
            server.lines == [
                "PATCH /acr/v1/a/b/_tags/1", "PATCH /acr/v1/a/b/_manifests/\(chart.manifest.digest)",
                "PATCH /acr/v1/a/b",
            ])
        #expect(server.requests[0].text == #"{"deleteEnabled":false,"writeEnabled":true,"listEnabled":false}"#)
    }

    @Test("Attributes are read as Azure writes them; what is missing is unknown")
    func azureObjects() async throws {
        let digest = chart.manifest.digest
        let tag =
            #"{"name":"1","digest":"\#(digest)","createdTime":"2026-01-02T03:04:05.1234567Z","lastUpdateTime":"2026-01-02T03:04:06Z","signed":false,"changeableAttributes":{"deleteEnabled":true,"writeEnabled":false,"listEnabled":true,"readEnabled":true}}"#
        let manifest = #"{"digest":"\#(digest)","mediaType":"application/vnd.oci.image.manifest.v1+json"}"#
        let server = try ScriptedServer([
            "GET /acr/v1/a/b/_tags/1": [ScriptedReply(200, text: #"{"registry":"r","imageName":"a/b","tag":\#(tag)}"#)],
            "GET /acr/v1/a/b/_manifests/\(digest)": [ScriptedReply(200, text: #"{"manifest":\#(manifest)}"#)],
            "GET /acr/v1/a/b/_tags/2": [ScriptedReply(200, text: #"{"tag":{"name":"2"}}"#)],
        ])
        let registry = try server.registry()
        let found = try await registry.tagAttributes(Tag(parsing: "1"), in: name)
        #expect(found.createdAt == 1_767_323_045_123_456)
        #expect(found.updatedAt == 1_767_323_046_000_000)
        #expect(found.locks == [.delete, .list, .read])
        let bare = try await registry.manifestAttributes(digest, in: name)
        #expect(bare.tags.isEmpty && bare.imageSize == 0 && bare.pulledAt == nil && bare.locks == .all)
        guard case .unavailable = await failure({ _ = try await registry.tagAttributes(Tag(parsing: "2"), in: name) })
        else {
            Issue.record("a tag without a digest was taken")
            return
        }
    }

    @Test("A tag is removed on its attribute path where manifests go by digest only")
    func tagRemoval() async throws {
        for refusal in [ScriptedReply.error(405, "UNSUPPORTED"), .error(400, "DIGEST_INVALID"), ScriptedReply(405)] {
            let server = try ScriptedServer([
                "DELETE /v2/a/b/manifests/1": [refusal], "DELETE /acr/v1/a/b/_tags/1": [ScriptedReply(202)],
            ])
            try await server.registry().deleteManifest(.tag(Tag(parsing: "1")), in: name)
            #expect(server.requests.count == 2)
        }
    }

    @Test("A locked tag stays, and the registry's own reason is given")
    func lockedTag() async throws {
        let server = try ScriptedServer { _ in .error(405, "UNSUPPORTED", "the tag is locked") }
        let error = await failure { try await server.registry().deleteManifest(.tag(Tag(parsing: "1")), in: name) }
        guard case .unsupported(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("the tag is locked") && !message.contains("cannot remove"))
    }
}
