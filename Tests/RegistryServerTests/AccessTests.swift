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

@Suite("Who may do what") struct AccessTests {
    private let challenge = #"Basic realm="chartroom",charset="UTF-8""#
    private let chart = SampleChart("demo", "1.0.0")

    private func filled(_ bench: Bench) async throws {
        try await chart.push(to: bench.registry, RepositoryName(parsing: "charts/demo"), tags: [Tag(parsing: "1.0.0")])
    }

    /// What a request for each kind of path gets: reading, then writing.
    private func statuses(_ bench: Bench, _ who: [(name: String, value: String)]) async -> (
        read: Set<Int>, write: Set<Int>
    ) {
        let digest = Digest(of: chart.archive)
        var (read, write) = (Set<Int>(), Set<Int>())
        for path in [
            "/v2/_catalog", "/v2/charts/demo/tags/list", "/v2/charts/demo/manifests/1.0.0",
            "/v2/charts/demo/blobs/\(digest)", "/v2/charts/demo/referrers/\(digest)", "/acr/v1/_catalog",
            "/acr/v1/charts/demo", "/acr/v1/charts/demo/_tags",
        ] {
            read.insert(await bench.get(path, who).status)
        }
        let typed = who + [("Content-Type", MediaType.ociManifest.description)]
        let id = String(repeating: "0", count: 32)
        write.insert(
            await bench.send(.put, "/v2/charts/demo/manifests/2", typed, FakeBody(bytes: chart.manifest.bytes)).status)
        write.insert(await bench.send(.post, "/v2/charts/demo/blobs/uploads/", who).status)
        write.insert(await bench.send(.delete, "/v2/charts/demo/blobs/\(absent)", who).status)
        write.insert(await bench.send(.delete, "/v2/charts/demo/manifests/none", who).status)
        write.insert(await bench.send(.patch, "/acr/v1/charts/demo", who, .text("{}")).status)
        write.insert(await bench.send(.delete, "/acr/v1/none", who).status)
        for method in [HTTPMethod.get, .patch, .put, .delete] {
            write.insert(await bench.send(method, "/v2/charts/demo/blobs/uploads/\(id)?digest=\(digest)", who).status)
        }
        return (read, write)
    }

    @Test(
        "The anonymous may do what their level says, without users",
        arguments: [
            (AccessLevel.none, Set([401]), Set([401])), (AccessLevel.read, Set([200]), Set([401])),
            (AccessLevel.readWrite, Set([200]), Set([200, 201, 202, 404])),
        ])
    func anonymous(level: AccessLevel, read: Set<Int>, write: Set<Int>) async throws {
        let bench = try Bench(AnonymousAccess(level))
        try await filled(bench)
        let statuses = await statuses(bench, [])
        #expect(statuses.read == read)
        #expect(statuses.write == write)
        #expect(await bench.get("/v2/").status == (level == .none ? 401 : 200))
    }

    @Test(
        "With users, the anonymous are asked to log in, users do what theirs is",
        arguments: [AccessLevel.none, .read, .readWrite])
    func withUsers(anonymous: AccessLevel) async throws {
        let bench = try Bench(try users(anonymous: anonymous))
        try await filled(bench)
        let nobody = await statuses(bench, [])
        #expect(nobody.read == (anonymous >= .read ? [200] : [401]))
        #expect(nobody.write == (anonymous >= .readWrite ? [200, 201, 202, 404] : [401]))
        let ann = await statuses(bench, basic("ann", "secret"))
        #expect(ann.read == [200] && ann.write == [200, 201, 202, 404])
        let bob = await statuses(bench, basic("bob", "hunter2"))
        #expect(bob.read == [200] && bob.write == [403])
        for wrong in [
            basic("ann", "hunter2"), basic("ann", ""), basic("eve", "secret"), basic("", ""),
            [("Authorization", "Bearer x")], [("Authorization", "Basic !")], [("Authorization", "")],
        ] {
            let statuses = await statuses(bench, wrong)
            #expect(statuses.read == [401] && statuses.write == [401])
        }
    }

    @Test("/v2/ challenges even where the anonymous may read, so that a login can fail")
    func base() async throws {
        let bench = try Bench(try users(anonymous: .read))
        let bare = await bench.get("/v2/")
        #expect(bare.summary == "401 UNAUTHORIZED")
        #expect(bare["WWW-Authenticate"] == challenge)
        let wrong = await bench.get("/v2/", basic("ann", "no"))
        #expect(wrong.summary == "401 UNAUTHORIZED")
        #expect(wrong["WWW-Authenticate"] == challenge)
        for _ in 0..<2 {
            let right = await bench.get("/v2/", basic("bob", "hunter2"))
            #expect(right.status == 200)
            #expect(right["Docker-Distribution-API-Version"] == "registry/2.0")
        }
        let denied = await bench.send(.post, "/v2/a/blobs/uploads/", basic("bob", "hunter2"))
        #expect(denied.summary == "403 DENIED")
        #expect(denied["WWW-Authenticate"] == nil)
    }

    @Test(
        "The first request may carry a body: it is stored once the password was found right", arguments: [true, false])
    func bodyBeforeVerification(isChunked: Bool) async throws {
        var generator = SeededGenerator(seed: 11)
        for count in [0, 1, 5000, 700_000] {
            let bench = try Bench(try users(anonymous: .none))
            let bytes = generator.bytes(count)
            let digest = Digest(of: bytes)
            let body = FakeBody(bytes: bytes, isChunked: isChunked)
            let path = "/v2/charts/demo/blobs/uploads/?digest=\(digest)"
            #expect(await bench.send(.post, path, basic("ann", "no"), body).summary == "401 UNAUTHORIZED")
            #expect(await bench.send(.post, path, basic("bob", "hunter2"), body).summary == "403 DENIED")
            #expect(await bench.send(.post, path, basic("ann", "secret"), body).status == 201, "\(count) bytes")
            let found = await bench.get("/v2/charts/demo/blobs/\(digest)", basic("ann", "secret"))
            #expect(Digest(of: found.body) == digest)
        }
    }

    @Test("A manifest as the first request is collected up to its limit")
    func manifestBeforeVerification() async throws {
        for (extra, summary) in [(0, "201"), (1, "413 SIZE_INVALID")] {
            let bench = try Bench(try users(anonymous: .none), face: { $0.maximumManifestBytes = 300_000 })
            let head = Array(#"{"schemaVersion":2,"manifests":[],"annotations":{"a":""#.utf8)
            let filler = [UInt8](repeating: 0x61, count: 300_000 + extra - head.count - 3)
            let body = FakeBody(bytes: head + filler + Array(#""}}"#.utf8), isChunked: true)
            let headers = basic("ann", "secret") + [("Content-Type", MediaType.ociIndex.description)]
            let answer = await bench.send(.put, "/v2/a/manifests/b", headers, body)
            #expect(answer.summary == summary)
        }
    }

    @Test("A replaced password file forgets at once whom it does not know")
    func replaced() async throws {
        let access = try users(anonymous: .none)
        let bench = try Bench(access)
        #expect(await bench.get("/v2/", basic("ann", "secret")).status == 200)
        #expect(await bench.get("/v2/", basic("bob", "hunter2")).status == 200)
        access.replace(try PasswordFile(parsing: bobLine), levels: [:])
        #expect(await bench.get("/v2/", basic("ann", "secret")).status == 401)
        #expect(await bench.send(.post, "/v2/a/blobs/uploads/", basic("bob", "hunter2")).status == 202)
        let swapped = bobLine.replacing("bob:", with: "ann:")
        access.replace(try PasswordFile(parsing: swapped), levels: [:])
        #expect(await bench.get("/v2/", basic("ann", "secret")).status == 401)
        #expect(await bench.get("/v2/", basic("ann", "hunter2")).status == 200)
        #expect(await bench.get("/v2/", basic("bob", "hunter2")).status == 401)
    }

    @Test("A hundred first requests at once with the right password all get in")
    func burst() async throws {
        let bench = try Bench(try users(anonymous: .none))
        let right = basic("ann", "secret")
        let statuses = await withTaskGroup(of: Int.self, returning: [Int].self) { group in
            for _ in 0..<200 { group.addTask { await bench.get("/v2/", right).status } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.filter { $0 == 200 }.count == 200)
    }

    @Test("When too many passwords wait, a right one is told to come again, not that it is wrong")
    func flood() async throws {
        let slow = "eve:$2y$12$abcdefghijklmnopqrstuuOUDn9U46VOdkzK2PXnqxzt7hDDVHG3S"
        let access = PasswordAccess(
            try PasswordFile(parsing: slow + "\n" + annLine), levels: [:], anonymous: .none)
        let bench = try Bench(access)
        let answers = await withTaskGroup(of: Answer.self, returning: [Answer].self) { group in
            for number in 0..<80 { group.addTask { await bench.get("/v2/", basic("ann", "wrong\(number)")) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.status == 401 || $0.status == 429 })
        for answer in answers where answer.status == 429 {
            #expect(answer.code == "TOOMANYREQUESTS")
            #expect(answer["Retry-After"] == "1")
        }
        #expect(await bench.get("/v2/", basic("ann", "secret")).status == 200)
    }

    @Test("No password and no Authorization gets into an error body or the log")
    func secrets() async throws {
        let bench = try Bench(try users(anonymous: .none))
        let secrets = ["secret", "hunter2", "topsecret-wrong"]
        var bodies = ""
        for (user, password) in [("ann", "secret"), ("bob", "hunter2"), ("ann", "topsecret-wrong"), ("eve", "secret")] {
            let who = basic(user, password)
            for (method, path) in [
                (HTTPMethod.get, "/v2/"), (.put, "/v2/charts/demo/manifests/1"), (.get, "/v2/x/tags/list"),
                (.delete, "/v2/a/blobs/\(absent)"), (.post, "/v2/a/blobs/uploads/"), (.get, "/nowhere"),
            ] {
                let answer = await bench.send(method, path, who, .text("{"))
                bodies += answer.text + answer.headerText
            }
            for text in [bodies, bench.log.text] {
                #expect(!text.contains(String(who[0].value.dropFirst(6))))
            }
        }
        for secret in secrets {
            #expect(!bodies.contains(secret))
            #expect(!bench.log.text.contains(secret))
        }
        #expect(bench.log.text.contains("ann"))
        #expect(!bench.log.text.contains("eve"))
    }
}
