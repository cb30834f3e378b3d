import ChartRepository
import Content
import RemoteRegistry
import TestSupport
import Testing

/// `127.0.0.1` and `localhost` are two hosts to everybody but the kernel; two ports are two origins.
@Suite struct RedirectTests {
    private let secret = Credential.password(user: "u", Secret("p"))

    private func elsewhere(_ server: ScriptedServer) -> String { "http://localhost:\(server.port)" }

    @Test("Redirects on the own host are followed; credentials stay with the origin")
    func ownHost() async throws {
        let other = try ScriptedServer { _ in ScriptedReply(200, text: smallIndex) }
        let server = try ScriptedServer([
            "GET /index.yaml": [ScriptedReply(302, [("Location", "/there/index.yaml?a=b")])],
            "GET /there/index.yaml?a=b": [ScriptedReply(307, [("Location", other.url + "/index.yaml")])],
        ])
        _ = try await repository(server.url, secret).index()
        #expect(server.requests.map { $0.header("Authorization") } == ["Basic dTpw", "Basic dTpw"])
        #expect(other.requests.map { $0.header("Authorization") } == [nil])
    }

    @Test("Endless redirects end")
    func endless() async throws {
        let server = try ScriptedServer { request in ScriptedReply(302, [("Location", request.path + "x")]) }
        let error = await failure { _ = try await repository(server.url).index() }
        #expect(error?.message == "the index of \(server.url): it was redirected more than 5 times")
        #expect(server.requests.count == 6)
    }

    @Test("A redirect to another host is not followed unless it is allowed; credentials stay behind")
    func otherHost() async throws {
        let other = try ScriptedServer { _ in ScriptedReply(200, text: smallIndex) }
        let server = try ScriptedServer([
            "GET /index.yaml": [ScriptedReply(301, [("Location", elsewhere(other) + "/index.yaml")])]
        ])
        let error = await failure { _ = try await repository(server.url, secret).index() }
        guard case .denied(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains("localhost:\(other.port)") && message.contains("allowedHosts"))
        #expect(other.requests.isEmpty)
        for hosts in [AllowedHosts.listed(["localhost"]), .listed(["LOCALHOST:\(other.port)"]), .any] {
            _ = try await repository(server.url, secret, hosts: hosts).index()
        }
        #expect(other.requests.map { $0.header("Authorization") } == [nil, nil, nil])
        _ = try await repository(server.url, secret, hosts: .any, toAll: true).index()
        #expect(other.requests.last?.header("Authorization") == "Basic dTpw")
    }

    @Test(
        "Bad redirects are errors", arguments: ["ftp://x/", "http://", "http://u:p@127.0.0.1/", "file:///etc/passwd"])
    func bad(location: String) async throws {
        let server = try ScriptedServer { _ in ScriptedReply(302, [("Location", location)]) }
        let error = await failure { _ = try await repository(server.url, hosts: .any).index() }
        #expect(error?.httpStatus == 502)
        #expect(server.requests.count == 1)
    }

    @Test("A redirect without a place is a status like any other")
    func placeless() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(302) }
        let error = await failure { _ = try await repository(server.url).index() }
        #expect(error?.message.contains("answered 302") == true)
    }
}
