import Content
import FoundationEssentials
import LocalRegistry
import OCIModel
import Posix
import Synchronization
import TestSupport

/// A store in a directory of the test's own, opened as often as the test likes.
struct StoreFixture {
    let scratch: ScratchDirectory
    let path: String

    init() throws {
        scratch = try ScratchDirectory()
        path = scratch.path + "/store"
    }

    /// Opens the store; the caller closes it.
    func open(_ change: (inout RegistryOptions) -> Void = { _ in }) throws -> Registry {
        var options = RegistryOptions()
        change(&options)
        return try Registry(at: path, options)
    }

    /// Opens the store, runs the body and closes it, whatever happens.
    func with<Value>(_ body: (Registry) async throws -> Value) async throws -> Value {
        try await with(options: { _ in }, body)
    }

    /// The same with options.
    func with<Value>(
        options change: (inout RegistryOptions) -> Void, _ body: (Registry) async throws -> Value
    ) async throws -> Value {
        let registry = try open(change)
        defer { registry.close() }
        return try await body(registry)
    }

    /// What a killed process would leave: the directory as it is now, as a store of its own.
    func copy() throws -> StoreFixture {
        let copy = try StoreFixture()
        try FileManager.default.copyItem(atPath: path, toPath: copy.path)
        return copy
    }

    /// The names in a directory below the store, sorted.
    func names(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/" + directory).sorted()
    }

    func bytes(_ file: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: path + "/" + file)))
    }

    func write(_ bytes: [UInt8], to file: String) throws {
        try Data(bytes).write(to: URL(filePath: path + "/" + file))
    }

    func remove(_ file: String) throws {
        try FileManager.default.removeItem(atPath: path + "/" + file)
    }

    func exists(_ digest: Digest) -> Bool {
        FileManager.default.fileExists(atPath: path + "/blobs/\(digest.algorithm.name)/\(digest.hex)")
    }

    /// The files under blobs/ whose bytes do not hash to their name.
    func damagedFiles() throws -> [String] {
        try DigestAlgorithm.allCases.flatMap { algorithm in
            try names("blobs/\(algorithm.name)").filter { name in
                try Digest(of: bytes("blobs/\(algorithm.name)/\(name)"), algorithm).hex != name
            }
        }
    }

    /// How many slots hold bytes.
    func usedSlots() throws -> Int {
        try names("ingest").filter { try !bytes("ingest/" + $0).isEmpty }.count
    }
}

let demo = try! RepositoryName(parsing: "charts/demo")
let other = try! RepositoryName(parsing: "charts/other")

/// Not the one of Testing.
typealias Tag = OCIModel.Tag

extension Tag {
    init(_ text: String) throws {
        try self.init(parsing: text)
    }
}

/// Names a kind of error without its text.
enum Kind: String {
    case blobUnknown, manifestUnknown, nameUnknown, uploadUnknown, uploadInvalid, chunkOutOfOrder, digestInvalid
    case sizeInvalid, referencesMissing, rangeInvalid, tooLarge, denied, unsupported, rateLimited, storageFull, corrupt
    case other

    init(_ error: ContentError) {
        switch error {
        case .blobUnknown: self = .blobUnknown
        case .manifestUnknown: self = .manifestUnknown
        case .nameUnknown: self = .nameUnknown
        case .uploadUnknown: self = .uploadUnknown
        case .uploadInvalid: self = .uploadInvalid
        case .chunkOutOfOrder: self = .chunkOutOfOrder
        case .digestInvalid: self = .digestInvalid
        case .sizeInvalid: self = .sizeInvalid
        case .referencesMissing: self = .referencesMissing
        case .rangeInvalid: self = .rangeInvalid
        case .tooLarge: self = .tooLarge
        case .denied: self = .denied
        case .unsupported: self = .unsupported
        case .rateLimited: self = .rateLimited
        case .storageFull: self = .storageFull
        case .corrupt: self = .corrupt
        default: self = .other
        }
    }
}

/// The kind of error work ends with, nil when it does not fail.
func failure(_ work: () async throws(ContentError) -> Void) async -> Kind? {
    do throws(ContentError) {
        try await work()
        return nil
    } catch {
        return Kind(error)
    }
}

extension Registry {
    /// Sends bytes as Helm does: a session, then everything at once.
    @discardableResult
    func upload(
        _ bytes: [UInt8], as digest: Digest? = nil, in repository: RepositoryName = demo, client: String = "test",
        pieces: Int = 2
    ) async throws(ContentError) -> Digest {
        let digest = digest ?? Digest(of: bytes)
        let id = try await beginUpload(in: repository, client: client, algorithm: .sha256)
        do throws(ContentError) {
            try await send(bytes, as: digest, to: id, in: repository, pieces)
            return digest
        } catch {
            // A tidy client gives up what it cannot go on with.
            try? await cancelUpload(id, in: repository)
            throw error
        }
    }

    private func send(
        _ bytes: [UInt8], as digest: Digest, to id: UploadID, in repository: RepositoryName, _ pieces: Int
    ) async throws(ContentError) {
        let writer = try await openUpload(id, in: repository, at: nil)
        do throws(ContentError) {
            let step = max(1, (bytes.count + pieces - 1) / pieces)
            for start in stride(from: 0, to: bytes.count, by: step) {
                try await writer.append(Array(bytes[start..<min(bytes.count, start + step)]))
            }
        } catch {
            await writer.abandon()
            throw error
        }
        try await writer.finish(digest)
    }

    /// Puts bytes without a session: one transaction.
    func putBytes(_ bytes: [UInt8], in repository: RepositoryName = demo) async throws(ContentError) {
        let writer = try await openUpload(in: repository, algorithm: .sha256)
        try await writer.append(bytes)
        try await writer.finish(Digest(of: bytes))
    }

    /// The bytes a read on the serving path gives.
    func served(_ digest: Digest, in repository: RepositoryName = demo) throws(ContentError) -> [UInt8] {
        let blob = try findBlob(digest, in: repository)
        var bytes: [UInt8] = []
        while Int64(bytes.count) < blob.size {
            let piece = try blob.read(at: Int64(bytes.count), maximumBytes: 1 << 20)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }
}

/// A number that closures share.
final class Tally: Sendable {
    private let number = Atomic(0)
    var value: Int { number.load(ordering: .sequentiallyConsistent) }
    func add(_ amount: Int = 1) { number.add(amount, ordering: .sequentiallyConsistent) }
}

/// A clock that stands still until the test moves it, in microseconds since 1970.
final class TestClock: Sendable {
    private let time = Atomic<Int64>(1_800_000_000_000_000)
    var now: Int64 { time.load(ordering: .sequentiallyConsistent) }
    func advance(_ duration: Duration) {
        time.add(duration.components.seconds * 1_000_000, ordering: .sequentiallyConsistent)
    }
}
