import Content
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteRegistry

/// Bytes at hand as a transfer gives them, with the offsets it was asked for.
private final class Bytes: Sendable {
    private final class Pieces: BlobPieces {
        private let left: Mutex<[[UInt8]]>
        init(_ bytes: [UInt8]) { left = Mutex(bytes.parts(of: 7000)) }
        func next() async throws(ContentError) -> [UInt8]? {
            left.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        }
    }

    private let all: [UInt8]
    private let asked = Mutex<[Int64]>([])
    var offsets: [Int64] { asked.withLock { $0 } }

    init(_ all: [UInt8]) { self.all = all }

    func open(_ offset: Int64) -> any BlobPieces {
        asked.withLock { $0.append(offset) }
        return Pieces(Array(all.dropFirst(Int(offset))))
    }
}

/// What was noted of a session, in order.
private final class Notes: Sendable {
    private let list = Mutex<[String?]>([])
    var all: [String?] { list.withLock { $0 } }
    func note(_ session: String?) { list.withLock { $0.append(session) } }
}

@Suite struct PlacingTests {
    private let name = RepositoryName.named("a/b")
    private let other = RepositoryName.named("c/d")
    private let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    private var blob: Descriptor { Descriptor(of: bytes) }

    private func place(
        _ registry: RegistryClient, _ placement: BlobPlacement, _ source: Bytes
    ) async throws(ContentError) -> BlobOutcome {
        try await registry.placeBlob(blob, in: name, placement) { offset throws(ContentError) in source.open(offset) }
    }

    private func small(_ options: inout RegistryClient.Options) {
        options.bufferedUploadBytes = 10
        options.chunkedUploadThreshold = 20
        options.chunkBytes = 20_000
        options.retry.maximumAttempts = 2
    }

    @Test("A blob that cannot be there costs POST and PUT, and nobody is asked")
    func isNew() async throws {
        let server = try ScriptedServer { request in
            request.method == "POST" ? ScriptedReply(202, [("Location", "/upload")]) : ScriptedReply(201)
        }
        let outcome = try await place(server.registry(), BlobPlacement(mayBeThere: false), Bytes(bytes))
        #expect(outcome == .sent(50_000))
        #expect(server.lines == ["POST /v2/a/b/blobs/uploads/", "PUT /upload?digest=\(blob.digest)"])
        #expect(server.requests[1].body == bytes)
    }

    @Test("A blob that is there is not read")
    func present() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, isHead: true) }
        let source = Bytes(bytes)
        #expect(try await place(server.registry(), BlobPlacement(), source) == .present)
        #expect(server.lines == ["HEAD /v2/a/b/blobs/\(blob.digest)"])
        #expect(source.offsets.isEmpty)
    }

    private var mount: String { "POST /v2/a/b/blobs/uploads/?mount=sha256%3A\(blob.digest.hex)&from=c%2Fd" }

    @Test("A mount that is made is all")
    func mounted() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(201) }
        let source = Bytes(bytes)
        let outcome = try await place(server.registry(), BlobPlacement(mayBeThere: false, mountFrom: other), source)
        #expect(outcome == .mounted)
        #expect(
            server.lines.map { $0.replacing("%3A", with: ":").replacing("%2F", with: "/") } == [
                mount.replacing("%3A", with: ":").replacing("%2F", with: "/")
            ])
        #expect(source.offsets.isEmpty)
    }

    @Test("A mount that is ignored has begun the upload")
    func mountIgnored() async throws {
        let server = try ScriptedServer { request in
            request.method == "POST" ? ScriptedReply(202, [("Location", "/upload")]) : ScriptedReply(201)
        }
        let outcome = try await place(
            server.registry(), BlobPlacement(mayBeThere: false, mountFrom: other), Bytes(bytes))
        #expect(outcome == .sent(50_000))
        #expect(server.requests.map(\.method) == ["POST", "PUT"])
    }

    @Test("A mount that is refused leaves the plain way", arguments: [401, 403, 404, 405])
    func mountRefused(status: Int) async throws {
        let server = try ScriptedServer { request in
            guard request.method == "POST" else { return ScriptedReply(201) }
            return request.query.isEmpty ? ScriptedReply(202, [("Location", "/upload")]) : ScriptedReply(status)
        }
        let outcome = try await place(
            server.registry(), BlobPlacement(mayBeThere: false, mountFrom: other), Bytes(bytes))
        #expect(outcome == .sent(50_000))
        #expect(server.requests.map(\.method) == ["POST", "POST", "PUT"])
    }

    @Test("A stream that breaks off is sent again from the start")
    func streamAgain() async throws {
        let puts = Mutex(0)
        let server = try ScriptedServer { request in
            guard request.method == "PUT" else { return ScriptedReply(202, [("Location", "/upload")]) }
            let isFirst = puts.withLock { count in
                count += 1
                return count == 1
            }
            return isFirst ? ScriptedReply(502) : ScriptedReply(201)
        }
        let source = Bytes(bytes)
        let registry = try server.registry { $0.bufferedUploadBytes = 10 }
        #expect(try await place(registry, BlobPlacement(mayBeThere: false), source) == .sent(50_000))
        #expect(source.offsets == [0, 0])
        #expect(server.requests.last?.body == bytes)
    }

    @Test("A session is taken up where it stands, and the source is read from there")
    func resumed() async throws {
        let server = try ScriptedServer { request in
            switch request.method {
            case "GET": ScriptedReply(204, [("Location", "/s/2"), ("Range", "0-29999")])
            case "PATCH": ScriptedReply(202, [("Location", "/s/3")])
            case "PUT": ScriptedReply(201, [("Docker-Content-Digest", blob.digest.description)])
            default: ScriptedReply(404)
            }
        }
        let (source, notes) = (Bytes(bytes), Notes())
        let registry = try server.registry(FixedCredential.anonymous, small)
        let placement = BlobPlacement(session: server.url + "/s/1", noteSession: notes.note)
        #expect(try await place(registry, placement, source) == .sent(20_000))
        #expect(source.offsets == [30_000])
        #expect(server.requests.map(\.method) == ["HEAD", "GET", "PATCH", "PUT"])
        #expect(server.requests[2].header("Content-Range") == "30000-49999")
        #expect(server.requests[2].body == Array(bytes[30_000...]))
        #expect(notes.all.last == .some(nil))
    }

    @Test("A session that is gone, or lies elsewhere, is begun anew", arguments: [true, false])
    func forgotten(isElsewhere: Bool) async throws {
        let server = try ScriptedServer { request in
            switch request.method {
            case "GET": ScriptedReply.error(404, "BLOB_UPLOAD_UNKNOWN")
            case "POST", "PATCH": ScriptedReply(202, [("Location", "/new")])
            case "PUT": ScriptedReply(201)
            default: ScriptedReply(404)
            }
        }
        let (source, notes) = (Bytes(bytes), Notes())
        let registry = try server.registry(FixedCredential.anonymous, small)
        let session = isElsewhere ? "http://elsewhere.example/s/1" : server.url + "/s/1"
        let outcome = try await place(registry, BlobPlacement(session: session, noteSession: notes.note), source)
        #expect(outcome == .sent(50_000))
        #expect(source.offsets == [0])
        #expect(server.requests.count { $0.method == "GET" } == (isElsewhere ? 0 : 1))
        #expect(notes.all.compactMap { $0 }.first == server.url + "/new")
        #expect(notes.all.first == .some(nil) && notes.all.last == .some(nil))
    }

    @Test(
        "A session survives a registry that is away, and is given up when the bytes are wrong",
        arguments: [true, false])
    func kept(isAway: Bool) async throws {
        let server = try ScriptedServer { request in
            switch request.method {
            case "POST": ScriptedReply(202, [("Location", "/s/1")])
            case "PATCH": isAway ? ScriptedReply(503) : ScriptedReply(202, [("Location", "/s/2")])
            case "GET": ScriptedReply(503)
            default: ScriptedReply(204)
            }
        }
        let notes = Notes()
        let registry = try server.registry(FixedCredential.anonymous, small)
        let source = Bytes(isAway ? bytes : Array(bytes.dropLast()) + [bytes[49_999] ^ 1])
        let placement = BlobPlacement(mayBeThere: false, noteSession: notes.note)
        let error = await failure { _ = try await place(registry, placement, source) }
        #expect(error != nil)
        #expect(server.requests.contains { $0.method == "DELETE" } == !isAway)
        #expect(!server.requests.contains { $0.method == "PUT" })
        #expect(notes.all.last == (isAway ? .some(server.url + "/s/1") : .some(nil)))
    }

    @Test("What a full or strict registry says is passed on", arguments: [413, 507])
    func refused(status: Int) async throws {
        let server = try ScriptedServer { request in
            request.method == "POST" ? ScriptedReply(202, [("Location", "/upload")]) : ScriptedReply(status)
        }
        let error = await failure {
            _ = try await place(server.registry(), BlobPlacement(mayBeThere: false), Bytes(bytes))
        }
        switch error {
        case .tooLarge? where status == 413: break
        case .storageFull? where status == 507: break
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test("A token for a mount is asked for both repositories")
    func mountScope() async throws {
        let address = Mutex("")
        let server = try ScriptedServer { request in
            if request.path == "/token" { return ScriptedReply(200, text: #"{"token":"t"}"#) }
            if request.header("Authorization") == "Bearer t" { return ScriptedReply(201) }
            let challenge = #"Bearer realm="\#(address.withLock { $0 })/token""#
            return ScriptedReply(401, [("WWW-Authenticate", challenge)])
        }
        address.withLock { $0 = server.url }
        let registry = try server.registry()
        let outcome = try await place(registry, BlobPlacement(mayBeThere: false, mountFrom: other), Bytes(bytes))
        #expect(outcome == .mounted)
        let asked = try #require(server.requests.first { $0.path == "/token" }).query.replacing("%3A", with: ":")
            .replacing("%2F", with: "/").replacing("%2C", with: ",")
        #expect(asked.contains("scope=repository:a/b:pull,push&scope=repository:c/d:pull"))
        #expect(registry.requestCount == 3)
    }
}
