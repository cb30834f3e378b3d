import Content
import HTTPClient
import OCIModel
import Posix
import RemoteRegistry
import TestSupport
import Testing

/// Debian's docker-registry on loopback, on a port the kernel chose, with a directory of its own.
struct PeerRegistry {
    static let isInstalled = ServerProcess.exists("docker-registry")

    let process: ServerProcess
    let scratch: ScratchDirectory
    let endpoint: RegistryEndpoint

    /// Starts it; with a user name and password it wants them for everything.
    init(user: String? = nil, password: String = "") async throws {
        scratch = try ScratchDirectory()
        var access = ""
        if let user {
            let outcome = try await ProcessRunner().run("htpasswd", ["-nbB", "-C", "4", user, password])
            try #require(outcome.status == 0)
            let file = try scratch.write("htpasswd", String(decoding: outcome.output, as: UTF8.self))
            access = "auth: { htpasswd: { realm: peer, path: \(file) } }"
        }
        let configuration = try scratch.write(
            "registry.yml",
            """
            version: 0.1
            log: { level: info, formatter: text }
            storage: { filesystem: { rootdirectory: \(scratch.path)/data }, delete: { enabled: true } }
            http: { addr: "127.0.0.1:0", secret: peer }
            \(access)
            """)
        process = try ServerProcess(
            "docker-registry", ["serve", configuration], environment: ["OTEL_TRACES_EXPORTER": "none"])
        let line = try #require(await process.line(containing: "listening on 127.0.0.1:"), "\(process.output)")
        let port = try #require(line.split(separator: "127.0.0.1:").last?.prefix { $0.isNumber })
        endpoint = try RegistryEndpoint(parsing: "http://127.0.0.1:\(port)")
    }

    func client(_ credential: Credential? = nil, _ change: (inout RegistryClient.Options) -> Void = { _ in }) throws
        -> RegistryClient
    {
        var options = RegistryClient.Options()
        change(&options)
        let credentials = ServerCredential(credential: credential, process: process, scratch: scratch)
        return RegistryClient(endpoint, credentials: credentials, client: try makeClient(), options)
    }
}

/// A credential for a server the test has started; the server lives as long as the client that holds it.
struct ServerCredential: CredentialProvider {
    let credential: Credential?
    let process: ServerProcess
    let scratch: ScratchDirectory

    func credential(for authority: String, repository: String?) async throws(ContentError) -> Credential? { credential }
}

/// A client that no environment variable sends to a proxy.
func makeClient(_ change: (inout HTTPClientConfiguration) -> Void = { _ in }) throws -> HTTPClient {
    var configuration = HTTPClientConfiguration()
    configuration.proxy = .none
    change(&configuration)
    return try HTTPClient(configuration)
}
