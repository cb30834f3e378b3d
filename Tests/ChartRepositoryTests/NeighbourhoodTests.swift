import ChartRepository
import Content
import HTTPClient
import HelmModel
import RemoteRegistry
import TestSupport
import Testing

/// What a repository far away may make us contact.
@Suite struct NeighbourhoodTests {
    /// A client to which the server seems to lie far away, and every other where it really is; the repository is asked
    /// for by name, so that its address is not known before it has answered.
    private func repository(far server: ScriptedServer, _ hosts: AllowedHosts) throws -> ChartRepositoryClient {
        let port = Int(server.port)
        var configuration = HTTPClientConfiguration()
        configuration.proxy = .none
        configuration.addressKind = { $1 == port ? .global : HTTPAddressKind(address: $0) }
        var source = try ChartRepositorySource(parsing: "http://localhost:\(port)")
        source.allowedHosts = hosts
        return try ChartRepositoryClient(source, configuration: configuration)
    }

    @Test("An archive does not come from this machine when the repository is elsewhere, unless the host is named")
    func archives() async throws {
        let bytes = archive()
        let near = try ScriptedServer { _ in ScriptedReply(200, body: bytes) }
        let far = try ScriptedServer { _ in ScriptedReply(404) }
        let entry = try RepositoryIndexEntry.room(["http://a.localhost:\(near.port)/room-1.0.0.tgz"], of: bytes)
        let refused = await failure {
            _ = try await repository(far: far, .listed([])).archive(of: entry) { _ in }
        }
        guard case .denied = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        let fetch = try await repository(far: far, .any).fetch(entry)
        #expect(fetch.error != nil && fetch.bytes.isEmpty)
        #expect(near.requests.isEmpty)
        #expect(far.lines == ["HEAD /"])
        let named = try await repository(far: far, .listed(["a.localhost"])).fetch(entry)
        #expect(named.error == nil && named.bytes == bytes)
    }

    @Test("Nor from a registry that the index names, unless the configuration names it too") func registries()
        async throws
    {
        let far = try ScriptedServer { _ in ScriptedReply(404) }
        let any = try repository(far: far, .any)
        for host in ["a.localhost:5000", "127.0.0.1", "inner.example", "10.0.0.1:443"] {
            #expect(await any.addresses(ofRegistry: host) == .upTo(.global))
        }
        #expect(await any.addresses(ofRegistry: "localhost:5000") == .any, "its own host")
        #expect(
            try await repository(far: far, .listed(["inner.example"])).addresses(ofRegistry: "inner.example") == .any)
    }

    @Test("Nor by a redirect", arguments: ["index", "archive"])
    func redirects(what: String) async throws {
        let near = try ScriptedServer { _ in ScriptedReply(200, text: smallIndex) }
        let target = "http://[::ffff:127.0.0.1]:\(near.port)/x"
        let far = try ScriptedServer { _ in ScriptedReply(302, [("Location", target)]) }
        let client = try repository(far: far, .any)
        let error: ContentError?
        if what == "index" {
            error = await failure { _ = try await client.index() }
        } else {
            error = try await client.fetch(.room()).error
        }
        #expect(error != nil)
        #expect(near.requests.isEmpty)
        #expect(far.requests.count == 1)
    }

    @Test("A repository that was not asked yet is asked where it lies; one nearby may name its like")
    func nearby() async throws {
        let bytes = archive()
        let store = try ScriptedServer { _ in ScriptedReply(200, body: bytes) }
        let own = try ScriptedServer { _ in ScriptedReply(404) }
        var configuration = HTTPClientConfiguration()
        configuration.proxy = .none
        configuration.addressKind = { _, _ in .privateNetwork }
        var source = try ChartRepositorySource(parsing: "http://localhost:\(own.port)/charts")
        source.allowedHosts = .any
        let client = try ChartRepositoryClient(source, configuration: configuration)
        let entry = try RepositoryIndexEntry.room(["http://store.localhost:\(store.port)/x.tgz"], of: bytes)
        for _ in 0..<2 {
            let fetch = await client.fetch(entry)
            #expect(fetch.error == nil && fetch.bytes == bytes)
        }
        #expect(own.lines == ["HEAD /charts"])
        #expect(store.lines == ["GET /x.tgz", "GET /x.tgz"])
    }
}
