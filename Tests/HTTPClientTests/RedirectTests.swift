import HTTPClient
import HTTPMessage
import TestSupport
import Testing

@Suite struct RedirectTests {
    private func redirect(_ status: Int, to location: String) -> ScriptedReply {
        ScriptedReply(status, [("Location", location)], text: "moved")
    }

    @Test("A redirect of a GET is followed, relative or absolute", arguments: [301, 302, 303, 307, 308])
    func followed(status: Int) async throws {
        let second = try ScriptedServer(["GET /c?d": [ScriptedReply(200, text: "there")]])
        let first = try ScriptedServer([
            "GET /a": [redirect(status, to: "b")], "GET /b": [redirect(status, to: second.url + "/c?d")],
        ])
        let response = try await makeClient().send(first.request(.get, "/a"))
        #expect(try await response.collect(maximumBytes: 10) == Array("there".utf8))
        #expect(try response.url == second.url("/c?d"))
    }

    @Test("Credentials stay with the origin they were given for")
    func credentials() async throws {
        let second = try ScriptedServer { _ in ScriptedReply(200) }
        let first = try ScriptedServer([
            "GET /a": [redirect(307, to: "/b")], "GET /b": [redirect(307, to: second.url + "/c")],
        ])
        var request = try first.request(.get, "/a")
        request.headers = HeaderFields([
            ("Authorization", "Bearer t"), ("cookie", "c"), ("Range", "bytes=5-"), ("Accept", "x/y"),
        ])
        _ = try await makeClient().send(request)
        #expect(first.requests.map { $0.header("Authorization") } == ["Bearer t", "Bearer t"])
        let seen = try #require(second.requests.first)
        #expect(seen.header("Authorization") == nil)
        #expect(seen.header("Cookie") == nil)
        #expect(seen.header("Range") == "bytes=5-")
        #expect(seen.header("Accept") == "x/y")
    }

    @Test("A circle of redirects ends with an error")
    func circle() async throws {
        let server = try ScriptedServer(["GET /a": [redirect(302, to: "/a")]])
        let client = try makeClient()
        let error = await failure { _ = try await client.send(server.request(.get, "/a")) }
        guard case .redirectRefused = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.requests.count == 6)
    }

    @Test(
        "A redirect to another scheme is refused",
        arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://x/", "http://user:pw@127.0.0.1/"])
    func scheme(location: String) async throws {
        let server = try ScriptedServer(["GET /a": [redirect(302, to: location)]])
        let client = try makeClient()
        let error = await failure { _ = try await client.send(server.request(.get, "/a")) }
        guard case .redirectRefused(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!message.contains("pw"))
    }

    @Test("A redirect of another method is the caller's business, and so is one when none is allowed")
    func handedOver() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(307, [("Location", "/b")]) }
        let client = try makeClient()
        #expect(try await client.send(server.request(.post, "/a", body: [1])).status.rawValue == 307)
        var request = try server.request(.get, "/a")
        request.redirects = .none
        #expect(try await client.send(request).status.rawValue == 307)
        #expect(server.requests.count == 2)
    }

    @Test("A redirect without a Location is a response")
    func noLocation() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(302) }
        #expect(try await makeClient().send(server.request(.get, "/")).status.rawValue == 302)
    }

    @Test("A server on a unix socket cannot send the client elsewhere")
    func unixSocket() async throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/socket"
        let server = try ScriptedServer(
            unixSocketPath: path,
            [
                "GET /a": [redirect(302, to: "/b"), redirect(302, to: "http://127.0.0.1:1/")],
                "GET /b": [ScriptedReply(200)],
            ])
        var request = HTTPClientRequest(.get, try HTTPURL(parsing: "http://localhost/a"))
        request.unixSocketPath = path
        let client = try makeClient()
        let sent = request
        #expect(try await client.send(sent).status == .ok)
        let error = await failure { _ = try await client.send(sent) }
        guard case .redirectRefused = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.requests.count == 3)
    }
}
