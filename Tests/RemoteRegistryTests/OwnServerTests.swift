import Content
import HTTPClient
import OCIModel
import Posix
import RemoteRegistry
import TestSupport
import Testing

/// `chartroom serve`, built beside the tests.
private struct OwnServer {
    static let program = builtProgram("chartroom")

    let process: ServerProcess
    let scratch: ScratchDirectory
    let endpoint: RegistryEndpoint

    init(onUnixSocket: Bool = false, user: String? = nil, password: String = "") async throws {
        scratch = try ScratchDirectory()
        let address = onUnixSocket ? "unix:\(scratch.path)/socket" : "127.0.0.1:0"
        var arguments = ["serve", "--listen", address, "--data", scratch.path + "/data"]
        if let user {
            let outcome = try await ProcessRunner().run("htpasswd", ["-nbB", "-C", "4", user, password])
            try #require(outcome.status == 0)
            arguments += [
                "--access-users", try scratch.write("users", String(decoding: outcome.output, as: UTF8.self)),
            ]
        }
        process = try ServerProcess(try #require(OwnServer.program), arguments, environment: ["HOME": scratch.path])
        let line = try #require(await process.line(containing: "listens on "), "\(process.output)")
        endpoint = try RegistryEndpoint(parsing: String(try #require(line.split(separator: " ").last)))
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

/// Client and server of this package together: everything that ends can do, attributes included.
@Suite(.enabled(if: OwnServer.program != nil)) struct OwnServerTests {
    private let seed = UInt64.random(in: 0 ... .max)

    @Test("Blobs, in memory, streamed and in chunks")
    func blobs() async throws {
        print("seed \(seed)")
        let server = try await OwnServer()
        try await checkBlobs(of: server.client(), prefix: "buffered", seed: seed)
        try await checkBlobs(of: server.client { $0.bufferedUploadBytes = 500 }, prefix: "streamed", seed: seed ^ 1)
        try await checkBlobs(
            of: server.client {
                $0.bufferedUploadBytes = 500
                $0.chunkedUploadThreshold = 900
                $0.chunkBytes = 100_000
            }, prefix: "chunked", seed: seed ^ 2)
    }

    @Test("Manifests and tags")
    func tags() async throws {
        print("seed \(seed)")
        try await checkTags(of: OwnServer().client(), prefix: "own", seed: seed)
    }

    @Test("Deleting")
    func deletes() async throws {
        print("seed \(seed)")
        try await checkDeletes(of: OwnServer().client(), prefix: "own", seed: seed)
    }

    @Test("Attributes and locks, over a unix socket")
    func inventory() async throws {
        print("seed \(seed)")
        try await checkInventory(of: OwnServer(onUnixSocket: true).client(), prefix: "own", seed: seed)
    }

    @Test("With a password")
    func password() async throws {
        print("seed \(seed)")
        let server = try await OwnServer(user: "ann", password: "pässword")
        let client = try server.client(.password(user: "ann", Secret("pässword")))
        try await checkBlobs(of: client, prefix: "own", seed: seed)
        try await checkInventory(of: client, prefix: "own", seed: seed)
        await #expect {
            _ = try await server.client().repositories(PageRequest(limit: 1))
        } throws: { error in
            guard case .unauthorized? = error as? ContentError else { return false }
            return true
        }
    }
}
