import Content
import HTTPMessage
import OCIModel
import Synchronization
import TestSupport
import Testing

@testable import RemoteRegistry

/// A registry that wants tokens, with its token server at `/token`.
private final class TokenRegistry: Sendable {
    let server: ScriptedServer

    /// `scope` is what its challenges name; nil leaves it out.
    init(
        scope: String? = "repository:a/b:pull", expiresIn: Int? = 300, usesPost: Bool = false,
        refusal: ScriptedReply? = nil
    ) throws {
        let address = Mutex("")
        let numbers = Mutex(0)
        server = try ScriptedServer { request in
            if request.path == "/token" {
                if let refusal { return refusal }
                if usesPost, request.method == "GET" { return ScriptedReply(405) }
                let number = numbers.withLock { number in
                    number += 1
                    return number
                }
                let life = expiresIn.map { #","expires_in":\#($0)"# } ?? ""
                return ScriptedReply(200, text: #"{"token":"t\#(number)"\#(life)}"#)
            }
            guard let sent = request.header("Authorization"), sent.hasPrefix("Bearer t") else {
                let realm = address.withLock { $0 } + "/token"
                var challenge = #"Bearer realm="\#(realm)",service="svc""#
                if let scope { challenge += #",scope="\#(scope)""# }
                return ScriptedReply(401, [("WWW-Authenticate", challenge)])
            }
            return ScriptedReply(200, text: #"{"tags":["1"]}"#)
        }
        let url = server.url
        address.withLock { $0 = url }
    }

    var tokenRequests: [ScriptedRequest] { server.requests.filter { $0.path == "/token" } }
}

@Suite struct AuthorizationTests {
    private let name = RepositoryName.named("a/b")
    private let page = PageRequest<String>(limit: 1)
    private let ann = FixedCredential(.password(user: "ann", Secret("pw")))

    @Test("The first request goes out bare; after a Basic challenge every one carries the password")
    func basic() async throws {
        let server = try ScriptedServer { request in
            request.header("Authorization") == "Basic YW5uOnB3"
                ? ScriptedReply(200, text: #"{"tags":[]}"#)
                : ScriptedReply(401, [("WWW-Authenticate", #"Basic realm="x""#)])
        }
        let registry = try server.registry(ann)
        for _ in 0..<3 { _ = try await registry.tags(in: name, page) }
        #expect(server.requests.map { $0.header("Authorization") != nil } == [false, true, true, true])
    }

    @Test("A token server that was named wrongly once is not asked for ever") func wrongRealm() async throws {
        let isWrong = Mutex(true)
        let server = try ScriptedServer { request in
            if request.path == "/token" { return ScriptedReply(200, text: #"{"token":"t"}"#) }
            if request.path == "/wrong" {
                return ScriptedReply(200, text: "<html>log in to the hotel's network</html>")
            }
            if request.header("Authorization") == "Bearer t" { return ScriptedReply(200, text: #"{"tags":["1"]}"#) }
            let realm = isWrong.withLock { $0 } ? "/wrong" : "/token"
            return ScriptedReply(401, [("WWW-Authenticate", #"Bearer realm="\#(realm)",service="s""#)])
        }
        let registry = try server.registry()
        #expect(await failure { _ = try await registry.tags(in: name, page) } != nil)
        isWrong.withLock { $0 = false }
        #expect(try await registry.tags(in: name, page).elements.map(\.description) == ["1"])
    }

    @Test("A wrong password is tried once, then it is unauthorised")
    func wrongPassword() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(401, [("WWW-Authenticate", #"Basic realm="x""#)]) }
        let registry = try server.registry(ann)
        let error = await failure { _ = try await registry.tags(in: name, page) }
        guard case .unauthorized(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!message.contains("pw"))
        #expect(server.requests.count == 2)
    }

    @Test("An anonymous token is fetched by GET, with service and scope, and then used at once")
    func anonymousToken() async throws {
        let registry = try TokenRegistry()
        let client = try registry.server.registry()
        for _ in 0..<3 { _ = try await client.tags(in: name, page) }
        #expect(registry.tokenRequests.count == 1)
        let asked = try #require(registry.tokenRequests.first)
        #expect(asked.method == "GET")
        #expect(QueryItems(parsing: asked.query)?.first("service") == "svc")
        #expect(QueryItems(parsing: asked.query)?.first("scope") == "repository:a/b:pull")
        #expect(asked.header("Authorization") == nil)
        #expect(registry.server.requests.count == 5)
    }

    @Test("With a password the token is fetched with Basic")
    func passwordToken() async throws {
        let registry = try TokenRegistry()
        _ = try await registry.server.registry(ann).tags(in: name, page)
        #expect(registry.tokenRequests.map { $0.header("Authorization") } == ["Basic YW5uOnB3"])
    }

    @Test("A token server without GET is asked by POST")
    func postToken() async throws {
        let registry = try TokenRegistry(usesPost: true)
        _ = try await registry.server.registry(ann).tags(in: name, page)
        #expect(registry.tokenRequests.map(\.method) == ["GET", "POST"])
        let form = try #require(QueryItems(parsing: registry.tokenRequests[1].text))
        #expect(form.first("grant_type") == "password")
        #expect(form.first("username") == "ann")
        #expect(form.first("password") == "pw")
        #expect(form.first("scope") == "repository:a/b:pull")
        #expect(form.first("service") == "svc")
    }

    @Test("An identity token is traded by POST")
    func identityToken() async throws {
        let registry = try TokenRegistry()
        _ = try await registry.server.registry(FixedCredential(.identityToken(Secret("id&=")))).tags(in: name, page)
        let form = try #require(registry.tokenRequests.first.flatMap { QueryItems(parsing: $0.text) })
        #expect(form.first("grant_type") == "refresh_token")
        #expect(form.first("refresh_token") == "id&=")
    }

    @Test("An access token is sent from the start")
    func accessToken() async throws {
        let registry = try TokenRegistry()
        _ = try await registry.server.registry(FixedCredential(.accessToken(Secret("t0")))).tags(in: name, page)
        #expect(registry.server.requests.map { $0.header("Authorization") } == ["Bearer t0"])
    }

    @Test(
        "The challenge's scope is asked for; without one the request's own is", arguments: ["registry:catalog:*", nil])
    func challengedScope(scope: String?) async throws {
        let registry = try TokenRegistry(scope: scope)
        _ = try await registry.server.registry().tags(in: name, page)
        let asked = registry.tokenRequests.first.flatMap { QueryItems(parsing: $0.query) }?.first("scope")
        #expect(asked == scope ?? "repository:a/b:pull")
    }

    @Test(
        "A token is fetched anew shortly before it ends; no time given means a minute",
        arguments: [(300, 294, 296), (nil, 54, 56)])
    func expiry(expiresIn: Int?, stillGood: Int, tooLate: Int) async throws {
        let registry = try TokenRegistry(expiresIn: expiresIn)
        let time = ManualTime()
        let client = try registry.server.registry(time: time)
        _ = try await client.tags(in: name, page)
        time.advance(by: .seconds(stillGood))
        _ = try await client.tags(in: name, page)
        #expect(registry.tokenRequests.count == 1)
        time.advance(by: .seconds(tooLate - stillGood))
        _ = try await client.tags(in: name, page)
        #expect(registry.tokenRequests.count == 2)
    }

    @Test("Many requests at once wait for one token")
    func singleFlight() async throws {
        let registry = try TokenRegistry()
        let client = try registry.server.registry()
        _ = try await client.tags(in: name, page)
        let other = RepositoryName.named("other")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 { group.addTask { _ = try await client.tags(in: other, PageRequest(limit: 1)) } }
            try await group.waitForAll()
        }
        #expect(registry.tokenRequests.count == 2)
        // Nobody was turned away: the registry's way was known.
        #expect(registry.server.requests.filter { $0.header("Authorization") == nil && $0.path != "/token" }.count == 1)
    }

    @Test("A token for pushing will do for pulling, not the other way round")
    func covering() {
        #expect(TokenScope.push(name).covers(.pull(name)))
        #expect(!TokenScope.pull(name).covers(.push(name)))
        #expect(!TokenScope.push(name).covers(.pull(.named("a/c"))))
        #expect(TokenScope.push(name).description == "repository:a/b:pull,push")
        #expect(TokenScope.catalog.description == "registry:catalog:*")
    }

    @Test("A token the registry turns away is replaced once; then it is unauthorised")
    func rejectedToken() async throws {
        let address = Mutex("")
        let server = try ScriptedServer { request in
            if request.path == "/token" { return ScriptedReply(200, text: #"{"access_token":"bad"}"#) }
            let challenge = #"Bearer realm="\#(address.withLock { $0 })/token",error="insufficient_scope""#
            return ScriptedReply(401, [("WWW-Authenticate", challenge)])
        }
        let url = server.url
        address.withLock { $0 = url }
        let client = try server.registry(ann)
        for _ in 0..<2 {
            guard case .unauthorized = await failure({ _ = try await client.tags(in: name, page) }) else {
                Issue.record("not unauthorised")
                return
            }
        }
        #expect(server.requests.filter { $0.path == "/token" }.count == 2)
    }

    @Test(
        "A token server that refuses makes it unauthorised; one that fails makes it unavailable",
        arguments: [401, 403, 500])
    func refusingTokenServer(status: Int) async throws {
        let registry = try TokenRegistry(refusal: ScriptedReply(status, text: "pw"))
        let client = try registry.server.registry(ann)
        let error = await failure { _ = try await client.tags(in: name, page) }
        switch (status, error) {
        case (500, .unavailable(let message)), (_, .unauthorized(let message)): #expect(!message.contains("pw"))
        default: Issue.record("\(String(describing: error))")
        }
    }

    @Test("A registry over TLS cannot have the password shown in the clear")
    func downgrade() throws {
        let challenge = AuthenticationChallenge.bearer(realm: "http://tokens.example/t", service: "s")
        let endpoint = try RegistryEndpoint(parsing: "https://registry.example")
        #expect(throws: ContentError.self) { try TokenServer(challenge, endpoint: endpoint) }
        let safe = AuthenticationChallenge.bearer(realm: "https://tokens.example/t", service: "s")
        #expect(throws: Never.self) { try TokenServer(safe, endpoint: endpoint) }
    }

    @Test("A challenge from a host the registry redirected to is not answered")
    func redirectedChallenge() async throws {
        let elsewhere = try ScriptedServer { _ in ScriptedReply(401, [("WWW-Authenticate", #"Basic realm="x""#)]) }
        let target = elsewhere.url
        let server = try ScriptedServer { _ in ScriptedReply(307, [("Location", target + "/blob")]) }
        let registry = try server.registry(ann)
        let error = await failure { _ = try await registry.blob(Digest(of: [1]), in: name) }
        guard case .unauthorized = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(elsewhere.requests.map { $0.header("Authorization") } == [nil])
    }

    @Test("The provider is asked once for a repository")
    func askedOnce() async throws {
        struct Counting: CredentialProvider {
            let count: @Sendable () -> Void
            func credential(for authority: String, repository: String?) async throws(ContentError) -> Credential? {
                count()
                return .password(user: "ann", Secret("pw"))
            }
        }
        let counting = AskCounter()
        let server = try ScriptedServer { request in
            request.header("Authorization") != nil
                ? ScriptedReply(200, text: #"{"tags":[]}"#)
                : ScriptedReply(401, [("WWW-Authenticate", #"Basic realm="x""#)])
        }
        let registry = try server.registry(Counting { counting.note() })
        for _ in 0..<3 { _ = try await registry.tags(in: name, page) }
        #expect(counting.count == 1)
    }

    @Test("A secret shows itself to nobody")
    func secret() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(Credential.password(user: "u", secret), to: &dumped)
        #expect("\(secret)" == "***")
        #expect(String(reflecting: secret) == "***")
        #expect(!dumped.contains("hunter2"))
        #expect(!"\(Credential.password(user: "u", secret))".contains("hunter2"))
    }
}

private final class AskCounter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func note() { value.withLock { $0 += 1 } }
}
