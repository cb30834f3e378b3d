import Content
import OCIModel
import RemoteRegistry
import TestSupport
import Testing

/// The whole client against a registry of somebody else.
@Suite(.enabled(if: PeerRegistry.isInstalled)) struct PeerTests {
    private let seed = UInt64.random(in: 0 ... .max)
    private static let limits: EndLimits = [.noTagDeletion, .noAttributes, .noUntaggedListing]

    @Test("Blobs, in memory, streamed and in chunks")
    func blobs() async throws {
        print("seed \(seed)")
        let peer = try await PeerRegistry()
        try await checkBlobs(of: peer.client(), prefix: "buffered", seed: seed)
        try await checkBlobs(of: peer.client { $0.bufferedUploadBytes = 500 }, prefix: "streamed", seed: seed)
        try await checkBlobs(
            of: peer.client {
                $0.bufferedUploadBytes = 500
                $0.chunkedUploadThreshold = 900
                $0.chunkBytes = 100_000
            }, prefix: "chunked", seed: seed)
    }

    @Test("Manifests and tags")
    func tags() async throws {
        print("seed \(seed)")
        let peer = try await PeerRegistry()
        try await checkTags(of: peer.client(), prefix: "peer", seed: seed)
    }

    @Test("Deleting")
    func deletes() async throws {
        print("seed \(seed)")
        let peer = try await PeerRegistry()
        try await checkDeletes(of: peer.client(), prefix: "peer", seed: seed, limits: PeerTests.limits)
    }

    @Test("What can be listed without attribute paths")
    func inventory() async throws {
        print("seed \(seed)")
        let peer = try await PeerRegistry()
        let client = try peer.client()
        try await checkInventory(of: client, prefix: "peer", seed: seed, limits: PeerTests.limits)
        let name = try RepositoryName(parsing: "peer/inventory/a")
        await #expect { _ = try await client.deleteRepository(name) } throws: { error in
            guard case .unsupported(let message)? = error as? ContentError else { return false }
            return message.contains(peer.endpoint.name)
        }
        await #expect {
            try await client.changeAttributes(AttributeChange(disable: .delete), of: nil, in: name)
        } throws: { error in
            guard case .unsupported? = error as? ContentError else { return false }
            return true
        }
        await #expect {
            try await client.deleteManifest(.tag(Tag(parsing: "0.0.0")), in: name)
        } throws: { error in
            guard case .unsupported? = error as? ContentError else { return false }
            return true
        }
    }

    @Test("A user and a password are shown when they are wanted")
    func password() async throws {
        print("seed \(seed)")
        let peer = try await PeerRegistry(user: "ann", password: "s3:cret")
        let client = try peer.client(.password(user: "ann", Secret("s3:cret")))
        try await checkBlobs(of: client, prefix: "private", seed: seed)
        try await checkTags(of: client, prefix: "private", seed: seed)
    }

    @Test("Missing and wrong credentials are unauthorised, and the password is in no message")
    func wrongPassword() async throws {
        let peer = try await PeerRegistry(user: "ann", password: "right")
        let name = try RepositoryName(parsing: "private/x")
        for credential in [nil, Credential.password(user: "ann", Secret("wr0ng"))] {
            let client = try peer.client(credential)
            await #expect {
                _ = try await client.tags(in: name, PageRequest(limit: 1))
            } throws: { error in
                guard case .unauthorized(let message)? = error as? ContentError else { return false }
                return !message.contains("wr0ng")
            }
        }
    }
}
