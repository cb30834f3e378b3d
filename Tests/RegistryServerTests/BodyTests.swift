import Content
import FrontDoor
import HTTPMessage
import HTTPServer
import LocalRegistry
import OCIModel
import RegistryServer
import ServerSupport
import TestSupport
import Testing

@Suite("A client that goes in the middle leaves what can be taken up again") struct BodyTests {
    private let bytes: [UInt8]
    private let digest: Digest

    init() {
        var generator = SeededGenerator(seed: 99)
        bytes = generator.bytes(600_000)
        digest = Digest(of: bytes)
    }

    /// The consumer of a streamed request.
    private func consumer(
        _ bench: Bench, _ method: HTTPMethod, _ target: String, _ headers: [(name: String, value: String)] = []
    ) throws -> any BodyConsumer {
        let request = FakeRequest(method, target, headers, contentLength: nil)
        guard case .stream(_, let consumer) = bench.handler.plan(for: request) else {
            throw ContentError.internal("the body is not streamed")
        }
        return consumer
    }

    @Test(
        "A chunk cut short stays in its session, which goes on where it stopped", arguments: [HTTPMethod.patch, .put])
    func abandoned(method: HTTPMethod) async throws {
        let bench = try Bench()
        let location = await bench.begin()
        let upload = try consumer(bench, method, "\(location)?digest=\(digest)")
        #expect(await upload.consume(Array(bytes[..<250_000])) == nil)
        let busy = await bench.send(.patch, location, [], FakeBody(bytes: [1]))
        #expect(busy.summary == "400 BLOB_UPLOAD_INVALID")
        #expect(await upload.consume(Array(bytes[250_000..<400_000])) == nil)
        await upload.abandon()
        #expect(await bench.get(location)["Range"] == "0-399999")
        let rest = await bench.send(
            .patch, location, [("Content-Range", "400000-599999")], FakeBody(bytes: Array(bytes[400_000...])))
        #expect(rest.status == 202)
        #expect(await bench.send(.put, "\(location)?digest=\(digest)").status == 201)
        #expect(Digest(of: await bench.get("/v2/charts/demo/blobs/\(digest)").body) == digest)
    }

    @Test("A single POST cut short leaves nothing")
    func abandonedPost() async throws {
        let bench = try Bench()
        let upload = try consumer(bench, .post, "/v2/charts/demo/blobs/uploads/?digest=\(digest)")
        #expect(await upload.consume(bytes) == nil)
        await upload.abandon()
        #expect(bench.registry.openSessions == 0)
        #expect(await bench.get("/v2/charts/demo/blobs/\(digest)").status == 404)
        #expect(await bench.push(bytes) == digest)
        #expect(await bench.get("/v2/charts/demo/blobs/\(digest)").status == 200)
    }

    @Test("Abandoning before the first piece, after an error or twice harms nothing")
    func edges() async throws {
        let bench = try Bench()
        let location = await bench.begin()
        let early = try consumer(bench, .patch, location)
        await early.abandon()
        await early.abandon()
        let failing = try consumer(bench, .patch, location, [("Content-Range", "5-9")])
        #expect(await failing.consume([1, 2, 3, 4, 5])?.status.rawValue == 416)
        await failing.abandon()
        #expect(await bench.send(.patch, location, [], FakeBody(bytes: bytes)).status == 202)
        #expect(await bench.send(.put, "\(location)?digest=\(digest)").status == 201)
    }

    @Test("A session begun before a restart goes on after it")
    func restart() async throws {
        let scratch = try ScratchDirectory()
        var location = ""
        for isSecond in [false, true] {
            let bench = try Bench(in: scratch)
            defer { bench.registry.close() }
            if !isSecond {
                location = await bench.begin()
                await bench.send(.patch, location, [], FakeBody(bytes: Array(bytes[..<200_000])))
            } else {
                #expect(await bench.get(location)["Range"] == "0-199999")
                let rest = FakeBody(bytes: Array(bytes[200_000...]))
                #expect(await bench.send(.put, "\(location)?digest=\(digest)", [], rest).status == 201)
                #expect(Digest(of: await bench.get("/v2/charts/demo/blobs/\(digest)").body) == digest)
            }
        }
    }

    @Test("With a password still to be checked, an abandoned chunk stays in its session as well")
    func late() async throws {
        let bench = try Bench(try users(anonymous: .none))
        let who = basic("ann", "secret")
        let location = await bench.begin(by: who)
        let other = try Bench(sharing: bench, try users(anonymous: .none))
        let upload = try consumer(other, .patch, location, who)
        #expect(await upload.consume(Array(bytes[..<300_000])) == nil)
        await upload.abandon()
        let status = await bench.send(.get, location, who)
        #expect(status["Range"] == "0-299999")
        let unheard = try consumer(try Bench(sharing: bench, try users(anonymous: .none)), .patch, location, who)
        await unheard.abandon()
        let rest = FakeBody(bytes: Array(bytes[300_000...]))
        #expect(await bench.send(.put, "\(location)?digest=\(digest)", who, rest).status == 201)
    }

    @Test("With a wrong password nothing of the body is stored")
    func lateRefusal() async throws {
        let bench = try Bench(try users(anonymous: .none))
        let target = "/v2/charts/demo/blobs/uploads/?digest=\(digest)"
        let upload = try consumer(bench, .post, target, basic("ann", "wrong"))
        #expect(await upload.consume(bytes)?.status == .unauthorized)
        await upload.abandon()
        let empty = try consumer(bench, .post, target, basic("ann", "wrong"))
        #expect(await empty.finish().status == .unauthorized)
        #expect(await bench.send(.get, "/acr/v1/charts/demo", basic("ann", "secret")).status == 404)
    }
}
