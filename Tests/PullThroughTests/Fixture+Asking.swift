import Content
import OCIModel
import Posix
import TestSupport
import Testing

@testable import PullThrough

extension Cached {
    /// The answer, waited for when it must be.
    func value() async throws -> (Value, CacheNote) {
        switch self {
        case .here(let value, let note): (value, note)
        case .later(let read): try await read()
        }
    }

    /// Whether it was answered at once.
    var isHere: Bool {
        if case .here = self { true } else { false }
    }
}

extension Fixture {
    func name(_ text: String) throws -> RepositoryName { try RepositoryName(parsing: text) }

    /// The manifest of a tag, as a client asks for it.
    func manifest(_ tag: String, _ repository: String = "remote/app") async throws -> (StoredManifest, CacheNote) {
        try await ask(tag, repository).value()
    }

    func ask(_ tag: String, _ repository: String = "remote/app") throws -> Cached<StoredManifest> {
        try #require(try cache.cachedManifest(.tag(try Tag(parsing: tag)), in: try name(repository)))
    }

    /// The whole of a blob, read as a client's connection does.
    func blob(_ digest: Digest, _ repository: String = "remote/app") async throws -> [UInt8] {
        let found = try await #require(try cache.cachedBlob(digest, in: try name(repository))).value().0
        return try await Fixture.read(found)
    }

    /// A file of a classic repository.
    func file(_ file: String, _ namespace: String = "classic") async throws -> [UInt8] {
        let found = try await #require(
            try cache.cachedFile(named: file, in: ChartNamespace(try name(namespace)))
        ).value().0
        return try await Fixture.read(found.blob)
    }

    func tags(_ repository: String = "remote/app", limit: Int = 100, last: String? = nil) async throws -> [String] {
        let page = PageRequest(limit: limit, last: last)
        return try await #require(try cache.cachedTags(in: try name(repository), page)).value().0
            .elements.map(\.description)
    }

    /// Waits until nothing is under way behind the requests.
    func settle() async {
        while cache.isBusy { await Task.yield() }
    }

    static func read(_ blob: FoundBlob) async throws -> [UInt8] {
        switch blob {
        case .whole(let open): return try open.read(at: 0, maximumBytes: Int(open.size))
        case .growing(let growing): return try await read(growing)
        }
    }

    struct Cut: Error, Equatable {
        var position: Int64
    }

    /// Reads a growing blob to its end; throws `Cut` where it was cut.
    static func read(_ blob: any GrowingBlob, from start: Int64 = 0) async throws -> [UInt8] {
        let file = try OpenFile(descriptor: blob.takeDescriptor(), name: "growing")
        var bytes: [UInt8] = []
        while start + Int64(bytes.count) < blob.size {
            let position = start + Int64(bytes.count)
            let latch = Latch()
            switch blob.growth(beyond: position, { latch.open() }) {
            case .readable(let end): bytes += try file.read(at: position, maximumBytes: Int(end - position))
            case .waiting: await latch.wait()
            case .failed: throw Cut(position: position)
            }
        }
        return bytes
    }
}
