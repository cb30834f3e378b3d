import HTTPMessage
import OCIModel
import TestSupport
import Testing

extension CollectionWorlds {
    /// Through caches: of the published repository on nginx, then of the cache itself, asked as a registry.
    ///
    /// Every manifest is that of a push, to the byte. When nginx is gone, everything is still there, and the index of the
    /// cache is that of the store that all was pushed to.
    func compareCached(publishedIn root: String) async throws {
        let index = try await pushed.index(CollectionWorlds.namespace)
        let (near, far) = (try ScratchDirectory(), try ScratchDirectory())
        var peer: NginxPeer? = try await NginxPeer(root: root)
        let upstream = try #require(peer?.address)
        let first = try await cache(far, "http://\(upstream)")
        try await fetchAll(index, from: first.web)
        let log = try #require(try peer?.log())
        #expect(log.count { $0.contains("GET /index.yaml") } == 1)
        #expect(log.count { $0.contains(".tgz HTTP") } == index.versions.count, "each archive is fetched once")
        peer = nil
        try await fetchAll(index, from: first.web)
        let cached = try await first.web.index(CollectionWorlds.namespace)
        #expect(cached.bytes == index.bytes && cached.tag == index.tag)
        let second = try await cache(
            near, "oci+http://\(try await first.server.address())/\(CollectionWorlds.namespace)")
        try await fetchAll(index, from: second.web)
        #expect(await first.server.stop() == 0)
        try await fetchAll(index, from: second.web)
        let again = try await second.web.index(CollectionWorlds.namespace)
        #expect(again.bytes == index.bytes && again.tag == index.tag)
        #expect(await second.server.stop() == 0)
    }

    private func cache(_ folder: ScratchDirectory, _ url: String) async throws -> (server: RunningServer, web: Web) {
        let file = try folder.write(
            "chartroom.yaml", "upstreams:\n  - {prefix: \(CollectionWorlds.namespace), url: '\(url)'}\n")
        let server = try RunningServer(
            data: folder.path + "/data", ["--config", file, "--log-access", "false"])
        return (server, try Web(try await server.url()))
    }

    /// Every version by either door, in turn; the manifest is the pushed one, the archive hashes to the index's digest.
    private func fetchAll(_ index: ReadIndex, from web: Web) async throws {
        let versions = Dictionary(uniqueKeysWithValues: index.versions.map { ("\($0)", $0) })
        try await each(versions.keys.sorted()) { key in
            guard let version = versions[key] else { return }
            let manifest = try manifest(version)
            let (one, other) = (try await pushed.send(.get, manifest), try await web.send(.get, manifest))
            #expect(other.status == 200 && one.body == other.body, "\(version): \(other.status)")
            let name = version.path.replacing("+", with: "%2B")
            let file = try await web.send(.get, "/charts/\(CollectionWorlds.namespace)/\(name)")
            #expect(file.status == 200 && Digest(of: file.body).hex == version.digest, "\(version): \(file.status)")
            let config = try JSONValue(parsing: other.body)["config"]?["digest"]?.string ?? ""
            let path = "/v2/\(CollectionWorlds.namespace)/\(version.name)/blobs/\(config)"
            #expect(try await web.send(.get, path).status == 200, "\(version): config")
        }
    }
}
