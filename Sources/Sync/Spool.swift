internal import Codecs
internal import Content
internal import OCIModel
internal import Posix
internal import Synchronization

/// An archive between its source and its destination: in memory while it is small, else in a file without a name.
///
/// One task at a time; calls may block for the disk.
final class Spool: Sendable {
    /// What is kept in memory at most, in bytes.
    static let memoryBytes = 1 << 20

    private struct State: ~Copyable {
        var bytes: [UInt8] = []
        var file: File?
        var length: Int64 = 0
        let hasher = ContentHasher(.sha256)
    }

    private let directory: String
    private let maximumBytes: Int64
    private let state: Mutex<State>

    init(directory: String, maximumBytes: Int64) {
        self.directory = directory
        self.maximumBytes = maximumBytes
        state = Mutex(State())
    }

    var length: Int64 { state.withLock { $0.length } }

    /// - Throws: `.tooLarge`, `.storageFull`.
    func append(_ bytes: [UInt8]) throws(ContentError) {
        let (directory, maximumBytes) = (directory, maximumBytes)
        let failure: ContentError? = state.withLock { state in
            guard state.length + Int64(bytes.count) <= maximumBytes else {
                return .tooLarge("the archive has more than \(maximumBytes) bytes, which is the limit")
            }
            do throws(SystemError) {
                if state.file == nil, state.bytes.count + bytes.count > Spool.memoryBytes {
                    let file = try Spool.file(in: directory)
                    try file.write(state.bytes.span)
                    state.file = consume file
                    state.bytes = []
                }
                switch state.file {
                case .some(let file): try file.write(bytes.span)
                case nil: state.bytes += bytes
                }
                state.hasher.update(bytes.span)
                state.length += Int64(bytes.count)
                return nil
            } catch {
                return .storageFull("no room for an archive on its way through: \(error)")
            }
        }
        if let failure { throw failure }
    }

    /// The digest of everything; call it once.
    func digest() -> Digest? { Digest(.sha256, hash: state.withLock { $0.hasher.finish() }) }

    /// Bytes from a position; none at the end.
    func read(at offset: Int64, maximumBytes: Int) throws(ContentError) -> [UInt8] {
        let answer: Result<[UInt8], ContentError> = state.withLock { state in
            do throws(SystemError) {
                switch state.file {
                case .some(let file): return .success(try file.read(at: offset, maximumBytes: maximumBytes))
                case nil:
                    let start = min(Int(offset), state.bytes.count)
                    return .success(Array(state.bytes[start..<min(start + maximumBytes, state.bytes.count)]))
                }
            } catch {
                return .failure(.storageFull("an archive on its way through cannot be read back: \(error)"))
            }
        }
        return try answer.get()
    }

    private static func file(in path: String) throws(SystemError) -> File {
        let directory = try Directory(creating: path)
        let name = "spool-" + PasswordHash.randomBytes(12).map { String($0, radix: 16) }.joined()
        let file = try directory.open(name, .createNew)
        // Its name goes at once: nothing is left when the process dies.
        try directory.remove(name)
        return file
    }
}

/// A spool's bytes from a position on.
final class SpoolPieces: BlobPieces {
    private let spool: Spool
    private let offset: Mutex<Int64>

    init(_ spool: Spool, from offset: Int64) {
        self.spool = spool
        self.offset = Mutex(offset)
    }

    func next() async throws(ContentError) -> [UInt8]? {
        let start = offset.withLock { $0 }
        let piece = try spool.read(at: start, maximumBytes: 256 << 10)
        guard !piece.isEmpty else { return nil }
        offset.withLock { $0 += Int64(piece.count) }
        return piece
    }
}
