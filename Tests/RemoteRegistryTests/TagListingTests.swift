import Content
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct TagListingTests {
    private let name = RepositoryName.named("a/b")
    private let digest = Digest(of: [1])
    private func tag(_ text: String) -> OCIModel.Tag { try! OCIModel.Tag(parsing: text) }

    private func attributes(_ tags: [String]) -> String {
        let list = tags.map { #"{"name":"\#($0)","digest":"\#(digest)","lastUpdateTime":"2026-01-02T03:04:05Z"}"# }
        return #"{"tags":[\#(list.joined(separator: ","))]}"#
    }

    @Test("Where tags have attributes, one request gives them with their digests, and an entity tag is asked with")
    func digests() async throws {
        let server = try ScriptedServer { request in
            request.header("If-None-Match") == "\"e\""
                ? ScriptedReply(304) : ScriptedReply(200, [("ETag", "\"e\"")], text: attributes(["2", "1"]))
        }
        let registry = try server.registry()
        guard case .tags(let tags, let entityTag) = try await registry.listTags(in: name, unless: nil) else {
            Issue.record("no tags")
            return
        }
        #expect(tags.map(\.tag) == [tag("1"), tag("2")])
        #expect(tags.allSatisfy { $0.digest == digest && $0.updatedAt == 1_767_323_045_000_000 })
        #expect(try await registry.listTags(in: name, unless: entityTag) == .same)
        #expect(server.lines == Array(repeating: "GET /acr/v1/a/b/_tags?n=1000", count: 2))
    }

    @Test("A registry without attribute paths is asked for them once, however many ask at the same time")
    func lacking() async throws {
        let server = try ScriptedServer { request in
            guard request.path.hasPrefix("/v2/") else { return ScriptedReply(404, text: "404 page not found") }
            return ScriptedReply(200, [("ETag", "\"e\"")], text: #"{"name":"a/b","tags":["1"]}"#)
        }
        let registry = try server.registry()
        try await withThrowingTaskGroup(of: TagListing.self) { group in
            for number in 0..<20 {
                group.addTask { try await registry.listTags(in: .named("a/b\(number)"), unless: nil) }
            }
            for try await listing in group {
                #expect(listing == .tags([ListedTag(tag("1"))], entityTag: "names \"e\""))
            }
        }
        #expect(server.requests.count { $0.path.hasPrefix("/acr/") } == 1)
        #expect(server.requests.count == 21)
    }

    @Test("An entity tag of another kind of listing is not asked with")
    func otherKind() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: attributes(["1"])) }
        _ = try await server.registry().listTags(in: name, unless: "names \"e\"")
        #expect(server.requests.allSatisfy { $0.header("If-None-Match") == nil })
    }

    @Test("An unknown repository is unknown on either path", arguments: [true, false])
    func unknown(hasAttributes: Bool) async throws {
        let server = try ScriptedServer { request in
            request.path.hasPrefix("/acr/") && !hasAttributes
                ? ScriptedReply(404) : ScriptedReply.error(404, "NAME_UNKNOWN")
        }
        let registry = try server.registry()
        for _ in 0..<2 {
            guard case .nameUnknown? = await failure({ _ = try await registry.listTags(in: name, unless: nil) }) else {
                Issue.record("no nameUnknown")
                return
            }
        }
        #expect(server.requests.count == (hasAttributes ? 2 : 3))
    }

    @Test("Whether a manifest is there costs one HEAD", arguments: [200, 404])
    func manifest(status: Int) async throws {
        let server = try ScriptedServer { _ in ScriptedReply(status, isHead: true) }
        #expect(try await server.registry().hasManifest(digest, in: name) == (status == 200))
        #expect(server.lines == ["HEAD /v2/a/b/manifests/\(digest)"])
    }

    @Test("Where a registry lists no referrers, whoever pushes one keeps the index of them", arguments: [true, false])
    func referrersTag(lists: Bool) async throws {
        let chart = SampleChart("x", "1.0.0")
        let subject = Descriptor(of: chart.manifest.bytes, .ociManifest)
        let index = Mutex<[UInt8]?>(nil)
        let server = try ScriptedServer { request in
            let isIndex = request.path.hasSuffix("/manifests/sha256-\(subject.digest.hex)")
            switch request.method {
            case "GET":
                let known = index.withLock { $0 }
                return known.map {
                    ScriptedReply(200, [("Content-Type", MediaType.ociIndex.description)], body: $0)
                } ?? ScriptedReply.error(404, "MANIFEST_UNKNOWN")
            default:
                if isIndex { index.withLock { $0 = request.body } }
                return ScriptedReply(201, lists ? [("OCI-Subject", subject.digest.description)] : [])
            }
        }
        let registry = try server.registry()
        let manifests = (1...3).map { number in
            let bytes = JSONValue.object([
                ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociManifest.description)),
                ("artifactType", .string("application/sign.v\(number)")),
                ("config", Descriptor(of: Array("{}".utf8), .ociEmpty).json), ("layers", .array([])),
                ("subject", subject.json),
            ]).text()
            return StoredManifest(digest: Digest(of: bytes), mediaType: .ociManifest, bytes: bytes)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for manifest in manifests + manifests {
                group.addTask { try await registry.putManifest(manifest, tags: [], in: name) }
            }
            try await group.waitForAll()
        }
        guard !lists else {
            #expect(server.requests.count == 6 && index.withLock { $0 } == nil)
            return
        }
        let written = try Manifest(parsing: try #require(index.withLock { $0 }), contentType: .ociIndex).manifests
        #expect(Set(written.map(\.digest)) == Set(manifests.map(\.digest)) && written.count == 3)
        #expect(Set(written.compactMap(\.artifactType)).count == 3)
    }
}
