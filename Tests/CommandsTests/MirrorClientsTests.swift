import ChartRepository
import Content
import RemoteRegistry
import Sync
import Telemetry
import TestSupport
import Testing

@testable import Commands

@Suite struct MirrorClientsTests {
    let logger = Logger(level: .error) { _ in }

    func authority(_ server: ScriptedServer) -> String { "127.0.0.1:\(server.port)" }

    func ends(_ file: MirrorFile, _ environment: [String: String] = ["HOME": "/nonexistent"]) -> MirrorClients {
        MirrorClients(file, environment: environment, logger: logger)
    }

    /// A file with one host.
    func file(host: String, _ change: (inout MirrorHost) -> Void = { _ in }) -> MirrorFile {
        var entry = MirrorHost()
        entry.host = host
        change(&entry)
        return MirrorFile(mirrors: [], hosts: [entry])
    }

    @Test("A registry near by that only content names is not contacted, unless the file names it")
    func namedRegistry() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: "{}") }
        let host = authority(server)
        let refused = try ends(MirrorFile()).registry(authority: host, isSecure: false, isNamedByContent: true)
        await #expect(throws: ContentError.self) { try await refused.ping() }
        #expect(server.requests.isEmpty)
        let asked = try ends(MirrorFile()).registry(authority: host, isSecure: false, isNamedByContent: false)
        _ = try await asked.ping()
        let named = try ends(file(host: host)).registry(authority: host, isSecure: false, isNamedByContent: true)
        _ = try await named.ping()
        #expect(server.requests.count == 2)
    }

    @Test("Nor is a chart repository")
    func namedCharts() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: "apiVersion: v1\nentries: {}\n") }
        let refused = try await ends(MirrorFile()).charts(url: server.url, isNamedByContent: true)
        await #expect(throws: ContentError.self) { _ = try await refused.index() }
        #expect(server.requests.isEmpty)
        let named = try await ends(file(host: authority(server))).charts(url: server.url, isNamedByContent: true)
        _ = try await named.index()
        #expect(server.requests.count == 1)
    }

    @Test("A host is shown the user and the password that the file leads to")
    func credentials() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: "apiVersion: v1\nentries: {}\n") }
        let file = file(host: authority(server)) { host in
            host.usernameEnvironment = "MIRROR_USER"
            host.passwordEnvironment = "MIRROR_PASSWORD"
        }
        let ends = ends(file, ["MIRROR_USER": "anna", "MIRROR_PASSWORD": "secret", "HOME": "/nonexistent"])
        _ = try await ends.charts(url: server.url, isNamedByContent: false).index()
        #expect(server.requests.first?.header("Authorization") == "Basic YW5uYTpzZWNyZXQ=")
    }

    @Test("A host that others of the process ask too is asked within their budget, unless the file gives it its own")
    func sharedBudget() async throws {
        let server = try ScriptedServer { _ in ScriptedReply(200, text: "{}") }
        let host = authority(server)
        var limits = HostBudgets.Limits()
        limits.requestsPerSecond = 0.001
        let budgets = HostBudgets(limits)
        func clients(_ file: MirrorFile) -> MirrorClients {
            MirrorClients(file, environment: ["HOME": "/nonexistent"], logger: logger, shared: [host: budgets])
        }
        let shared = try clients(MirrorFile()).registry(authority: host, isSecure: false, isNamedByContent: false)
        _ = try await shared.ping()
        // The next may go out after a quarter of an hour, which nobody waits for.
        await #expect(throws: ContentError.self) { try await shared.ping() }
        #expect(server.requests.count == 1)
        let own = try clients(file(host: host) { $0.requests = 3 })
            .registry(authority: host, isSecure: false, isNamedByContent: false)
        _ = try await own.ping()
        #expect(server.requests.count == 2)
    }

    @Test("A place is made once")
    func cached() async throws {
        let ends = ends(MirrorFile())
        let one = try ends.registry(authority: "a.example.com", isSecure: true, isNamedByContent: false)
        let other = try ends.registry(authority: "a.example.com", isSecure: true, isNamedByContent: false)
        #expect(one === other)
        let byContent = try ends.registry(authority: "a.example.com", isSecure: true, isNamedByContent: true)
        #expect(one !== byContent)
        let charts = try await ends.charts(url: "https://a.example.com/c", isNamedByContent: false)
        #expect(try await ends.charts(url: "https://a.example.com/c", isNamedByContent: false) === charts)
    }
}
