import Content
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteRegistry

@Suite struct UploadTests {
    private let name = RepositoryName.named("a/b")
    private let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    private var blob: Descriptor { Descriptor(of: bytes) }

    @Test(
        "The session's place is followed, relative or absolute, and its query kept",
        arguments: [
            "/upload/1?_state=a%2Fb%3D", "../../../../../upload/1?_state=a%2Fb%3D",
            "http://127.0.0.1:9/upload/1?_state=a%2Fb%3D",
        ])
    func location(location: String) async throws {
        let server = try ScriptedServer { request in
            switch request.method {
            case "HEAD": ScriptedReply(404)
            case "POST": ScriptedReply(202, [("Location", location)])
            default: ScriptedReply(201)
            }
        }
        try await server.registry().putBlob(blob, in: name, bytes)
        #expect(
            server.lines == [
                "HEAD /v2/a/b/blobs/\(blob.digest)", "POST /v2/a/b/blobs/uploads/",
                "PUT /upload/1?_state=a%2Fb%3D&digest=\(blob.digest)",
            ])
        #expect(server.requests[1].header("Content-Length") == "0")
        #expect(server.requests[2].body == bytes)
        #expect(server.requests[2].header("Content-Type") == "application/octet-stream")
    }

    @Test("A session on another host gets no credentials")
    func foreignSession() async throws {
        // The same address under another name is another origin.
        let server = try ScriptedServer { request in
            if request.path == "/elsewhere" { return ScriptedReply(201) }
            guard request.header("Authorization") != nil else {
                return ScriptedReply(401, [("WWW-Authenticate", #"Basic realm="x""#)])
            }
            guard request.method == "POST" else { return ScriptedReply(404) }
            return ScriptedReply(
                202, [("Location", "http://localhost:\(request.header("Host")!.split(separator: ":")[1])/elsewhere")])
        }
        let registry = try server.registry(FixedCredential(.password(user: "u", Secret("p"))))
        try await registry.putBlob(blob, in: name, bytes)
        let last = try #require(server.requests.last)
        #expect(last.path == "/elsewhere")
        #expect(last.header("Authorization") == nil)
    }

    @Test("A small upload that fails in passing begins a new session, with all the bytes", arguments: [404, 502, 0])
    func smallRepeats(status: Int) async throws {
        let puts = Mutex(0)
        let failing =
            status == 404
            ? ScriptedReply.error(404, "BLOB_UPLOAD_UNKNOWN")
            : status == 0 ? ScriptedReply([.reset]) : ScriptedReply(status)
        let server = try ScriptedServer { request in
            switch request.method {
            case "HEAD": return ScriptedReply(404)
            case "POST": return ScriptedReply(202, [("Location", "/upload")])
            default:
                let count = puts.withLock { count in
                    count += 1
                    return count
                }
                return count < 3 ? failing : ScriptedReply(201)
            }
        }
        try await server.registry().putBlob(blob, in: name, bytes)
        #expect(server.requests.map(\.method) == ["HEAD", "POST", "PUT", "POST", "PUT", "POST", "PUT"])
        #expect(server.requests.last?.body == bytes)
    }

    @Test("A refusal is final", arguments: ["DIGEST_INVALID", "DENIED", "SIZE_INVALID"])
    func refusal(code: String) async throws {
        let server = try ScriptedServer { request in
            switch request.method {
            case "HEAD": ScriptedReply(404)
            case "POST": ScriptedReply(202, [("Location", "/upload")])
            default: .error(code == "DENIED" ? 403 : 400, code)
            }
        }
        let error = await failure { try await server.registry().putBlob(blob, in: name, bytes) }
        #expect(error?.code?.rawValue == code)
        #expect(server.requests.count == 3)
    }

    /// A server that keeps a session and loses the connection in the middle of some chunks.
    private func sessionServer(losing lost: Set<Int>, keeps: Int, minimum: String? = nil) throws -> (
        ScriptedServer, @Sendable () -> [UInt8]
    ) {
        let holder = SessionHolder()
        let server = try ScriptedServer { request in
            switch request.method {
            case "HEAD": return ScriptedReply(404)
            case "POST":
                return ScriptedReply(
                    202, [("Location", "/s/0")] + (minimum.map { [("OCI-Chunk-Min-Length", $0)] } ?? []))
            case "GET": return holder.status(204)
            case "PATCH": return holder.patch(request, losing: lost, keeps: keeps)
            case "PUT": return ScriptedReply(201)
            default: return ScriptedReply(204)
            }
        }
        return (server, { holder.bytes })
    }

    @Test("Chunks are sent in order with their range, each to where the one before said")
    func chunks() async throws {
        let (server, stored) = try sessionServer(losing: [], keeps: 0)
        let registry = try server.registry {
            $0.bufferedUploadBytes = 10
            $0.chunkedUploadThreshold = 20
            $0.chunkBytes = 20_000
        }
        try await registry.putBlob(blob, in: name, bytes)
        #expect(stored() == bytes)
        let patches = server.requests.filter { $0.method == "PATCH" }
        #expect(patches.map { $0.header("Content-Range") } == ["0-19999", "20000-39999", "40000-49999"])
        #expect(patches.map(\.path) == ["/s/0", "/s/20000", "/s/40000"])
        #expect(server.requests.last?.line == "PUT /s/50000?digest=\(blob.digest)")
        #expect(server.requests.last?.body == [])
    }

    @Test("A chunk that was cut is resumed where the registry stands", arguments: [0, 1, 12_345, 20_000])
    func resumes(keeps: Int) async throws {
        let (server, stored) = try sessionServer(losing: [0, 2], keeps: keeps)
        let registry = try server.registry {
            $0.bufferedUploadBytes = 10
            $0.chunkedUploadThreshold = 20
            $0.chunkBytes = 20_000
        }
        try await registry.putBlob(blob, in: name, bytes)
        #expect(stored() == bytes)
        #expect(server.requests.contains { $0.method == "GET" })
    }

    @Test("The registry's smallest chunk is kept to")
    func minimumChunk() async throws {
        let (server, stored) = try sessionServer(losing: [], keeps: 0, minimum: "30000")
        let registry = try server.registry {
            $0.bufferedUploadBytes = 10
            $0.chunkedUploadThreshold = 20
            $0.chunkBytes = 1000
        }
        try await registry.putBlob(blob, in: name, bytes)
        #expect(stored() == bytes)
        #expect(server.requests.filter { $0.method == "PATCH" }.map(\.body.count) == [30_000, 20_000])
    }

    @Test("A session that cannot go on is given up")
    func abandoned() async throws {
        let (server, _) = try sessionServer(losing: Set(0..<100), keeps: 0)
        let registry = try server.registry {
            $0.bufferedUploadBytes = 10
            $0.chunkedUploadThreshold = 20
            $0.retry.maximumAttempts = 3
        }
        let error = await failure { try await registry.putBlob(blob, in: name, bytes) }
        guard case .unavailable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.requests.filter { $0.method == "PATCH" }.count == 3)
        #expect(server.requests.last?.method == "DELETE")
    }

    @Test("A wrong blob is never completed on the wire", arguments: [10, 60_000])
    func wrongNeverComplete(buffered: Int64) async throws {
        let server = try ScriptedServer { request in
            switch request.method {
            case "HEAD": ScriptedReply(404)
            case "POST": ScriptedReply(202, [("Location", "/upload")])
            default: ScriptedReply(201)
            }
        }
        let registry = try server.registry { $0.bufferedUploadBytes = buffered }
        var damaged = bytes
        damaged[49_999] ^= 1
        for sent in [damaged, Array(bytes.dropLast()), bytes + [1]] {
            var left = sent.parts(of: 7000)[...]
            let error = await failure {
                try await registry.putBlob(blob, in: name) { () throws(ContentError) in left.popFirst() }
            }
            switch error {
            case .digestInvalid, .sizeInvalid: break
            default: Issue.record("\(String(describing: error))")
            }
        }
        #expect(!server.requests.contains { $0.method == "PUT" })
    }

    @Test("Several tags go in one request where the registry takes them, else one by one", arguments: [true, false])
    func manyTags(takesTags: Bool) async throws {
        let manifest = SampleChart("x", "1.0.0").manifest
        let server = try ScriptedServer { request in
            ScriptedReply(
                201, takesTags && request.query.contains("tag=") ? [("OCI-Tag", "1.0.0"), ("OCI-Tag", "latest")] : [])
        }
        let tags = [try Tag(parsing: "1.0.0"), try Tag(parsing: "latest")]
        try await server.registry().putManifest(manifest, tags: tags, in: name)
        let first = "PUT /v2/a/b/manifests/\(manifest.digest)?tag=1.0.0&tag=latest"
        #expect(
            server.lines
                == (takesTags ? [first] : [first, "PUT /v2/a/b/manifests/1.0.0", "PUT /v2/a/b/manifests/latest"]))
        #expect(server.requests[0].header("Content-Type") == manifest.mediaType.description)
    }
}

/// The bytes of an upload session on a server that loses connections.
private final class SessionHolder: Sendable {
    private let state = Mutex((bytes: [UInt8](), patches: 0))

    var bytes: [UInt8] { state.withLock { $0.bytes } }

    func status(_ code: Int) -> ScriptedReply {
        let count = bytes.count
        return ScriptedReply(code, [("Location", "/s/\(count)"), ("Range", "0-\(max(0, count - 1))")])
    }

    func patch(_ request: ScriptedRequest, losing lost: Set<Int>, keeps: Int) -> ScriptedReply {
        let reply = state.withLock { state -> ScriptedReply? in
            defer { state.patches += 1 }
            guard let range = request.header("Content-Range"), range.hasPrefix("\(state.bytes.count)-") else {
                return ScriptedReply.error(416, "BLOB_UPLOAD_INVALID")
            }
            let isLost = lost.contains(state.patches)
            state.bytes += isLost ? request.body.prefix(keeps)[...] : request.body[...]
            return isLost ? ScriptedReply([.reset]) : nil
        }
        return reply ?? status(202)
    }
}
