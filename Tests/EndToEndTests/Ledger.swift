import Glibc
import HTTPMessage
import OCIModel
import Synchronization
import TestSupport
import Testing

/// What a server acknowledged, and what it was merely asked for.
final class Ledger: Sendable {
    /// One acknowledgement.
    enum Entry: Sendable {
        case blob(repository: String, content: SeededContent)
        case manifest(repository: String, tag: String, archive: SeededContent, config: SeededContent)
        case removal(repository: String, tag: String)
        /// The first `sent` bytes of an upload that was left there.
        case upload(location: String, content: SeededContent, sent: Int)
    }

    private struct State {
        var entries: [Entry] = []
        /// Where the entries begin that no server was asked for yet.
        var verified = 0
        /// What may be there or not, but not by half: repository and digest, with the size.
        var attempts: [(repository: String, digest: Digest, isManifest: Bool, bytes: Int)] = []
        var victim: (server: RunningServer, left: Int)?
    }

    private let state = Mutex(State())

    /// How much was acknowledged.
    var counts: (blobs: Int, manifests: Int, uploads: Int) {
        state.withLock { state in
            var counts = (blobs: 0, manifests: 0, uploads: 0)
            for entry in state.entries {
                switch entry {
                case .blob: counts.blobs += 1
                case .manifest: counts.manifests += 1
                case .upload: counts.uploads += 1
                case .removal: break
                }
            }
            return counts
        }
    }

    /// Kills a server with the n-th acknowledgement from now.
    func kill(_ server: RunningServer, after count: Int) {
        state.withLock { $0.victim = (server, count) }
    }

    /// Writes an acknowledgement down, and kills when its time has come.
    func acknowledge(_ entry: Entry) {
        let victim = state.withLock { state -> RunningServer? in
            state.entries.append(entry)
            guard let victim = state.victim else { return nil }
            state.victim?.left -= 1
            guard victim.left == 1 else { return nil }
            state.victim = nil
            return victim.server
        }
        victim?.signal(SIGKILL)
    }

    func attempt(_ content: SeededContent, in repository: String) {
        attempt(content.bytes, in: repository, isManifest: false)
    }

    func attempt(_ manifest: [UInt8], in repository: String) {
        attempt(manifest, in: repository, isManifest: true)
    }

    private func attempt(_ bytes: [UInt8], in repository: String, isManifest: Bool) {
        let digest = Digest(of: bytes)
        state.withLock { $0.attempts.append((repository, digest, isManifest, bytes.count)) }
    }

    /// Asks a server for everything, or for what came since the last time.
    func verify(_ web: Web, latestOnly: Bool) async throws {
        let (entries, attempts) = state.withLock { state in
            let entries = latestOnly ? Array(state.entries[state.verified...]) : state.entries
            let attempts = state.attempts
            state.verified = state.entries.count
            if latestOnly { state.attempts = [] }
            return (entries, attempts)
        }
        for entry in entries { try await verify(entry, web, isFirst: latestOnly) }
        for attempt in attempts {
            let kind = attempt.isManifest ? "manifests" : "blobs"
            let got = try await web.send(.get, "/v2/\(attempt.repository)/\(kind)/\(attempt.digest)")
            #expect([200, 404].contains(got.status))
            #expect(got.status != 200 || Digest(of: got.body) == attempt.digest, "\(attempt) is there by half")
        }
    }

    private func verify(_ entry: Entry, _ web: Web, isFirst: Bool) async throws {
        switch entry {
        case .blob(let repository, let content):
            let got = try await web.send(.get, "/v2/\(repository)/blobs/\(Digest(of: content.bytes))")
            #expect(got.status == 200 && got.body == content.bytes, "\(entry): \(got.status)")
        case .manifest(let repository, let tag, let archive, let config):
            let manifest = archive.manifest(config: config)
            for reference in [tag, Digest(of: manifest).description] {
                let got = try await web.send(.get, "/v2/\(repository)/manifests/\(reference)")
                #expect(got.status == 200 && got.body == manifest, "\(entry): \(got.status)")
            }
        case .removal(let repository, let tag):
            let got = try await web.send(.get, "/v2/\(repository)/manifests/\(tag)")
            #expect(got.status == 404, "\(entry) came back")
        case .upload(let location, let content, let sent):
            if isFirst { try await resume(location, content, sent, web) }
        }
    }

    /// Goes on with an upload that another process began; it becomes an acknowledged blob.
    private func resume(_ location: String, _ content: SeededContent, _ sent: Int, _ web: Web) async throws {
        let asked = try await web.send(.get, location)
        #expect(asked.status == 204, "an upload of \(sent) bytes is gone: \(asked.status)")
        guard asked.status == 204 else { return }
        #expect(asked.headers["Range"] == "0-\(sent - 1)")
        let bytes = content.bytes
        let ended = try await web.send(
            .put, (asked.headers["Location"] ?? location) + "?digest=\(Digest(of: bytes))", body: Array(bytes[sent...]),
            [("Content-Range", "\(sent)-\(bytes.count - 1)")])
        #expect(ended.status == 201, "\(String(decoding: ended.body, as: UTF8.self))")
        let parts = location.split(separator: "/")
        let repository = parts.dropFirst().prefix { $0 != "blobs" }.joined(separator: "/")
        let entry = Entry.blob(repository: repository, content: content)
        state.withLock { state in
            state.entries.append(entry)
            state.verified += 1
        }
    }
}
