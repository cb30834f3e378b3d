internal import Codecs
internal import Content
internal import OCIModel

/// How far the reading of a blob is.
struct BlobReading {
    let digest: Digest
    let repository: RepositoryName
    let maximumBytes: Int64
    /// Whether its requests count among those its host is asked at a time.
    let takesSlot: Bool
    private let registry: String
    private(set) var offset: Int64
    /// The size of the whole blob as the registry says it.
    private(set) var whole: Int64?
    private var isAnnounced = false
    /// Nil for a reading from the middle, which cannot be verified.
    private let hasher: ContentHasher?

    init(
        digest: Digest, repository: RepositoryName, start: Int64, maximumBytes: Int64, takesSlot: Bool, registry: String
    ) {
        self.digest = digest
        self.repository = repository
        self.maximumBytes = maximumBytes
        self.takesSlot = takesSlot
        self.registry = registry
        offset = start
        hasher = start == 0 ? ContentHasher(digest.algorithm.function) : nil
    }

    var object: AskedObject { .blob(digest, repository) }

    /// Takes note of the size; one connection must not say another than the one before.
    mutating func learn(whole announced: Int64?) throws(ContentError) {
        guard let announced else { return }
        guard announced <= maximumBytes else { throw tooLarge }
        guard announced == whole ?? announced else {
            throw .corrupt("\(registry) says that \(object) has \(announced) bytes, and said otherwise before")
        }
        whole = announced
    }

    /// Whether the size is still to be told; afterwards it is told.
    mutating func announce() -> Bool {
        defer { isAnnounced = true }
        return !isAnnounced
    }

    mutating func take(_ piece: [UInt8]) throws(ContentError) {
        guard Int64(piece.count) <= maximumBytes - offset else { throw tooLarge }
        guard whole == nil || Int64(piece.count) <= (whole ?? 0) - offset else {
            throw .corrupt("\(registry) sent more bytes for \(object) than it announced")
        }
        hasher?.update(piece.span)
        offset += Int64(piece.count)
    }

    func verify() throws(ContentError) {
        guard let hasher, Digest(digest.algorithm, hash: hasher.finish()) != digest else { return }
        throw .corrupt("\(registry) sent bytes for \(object) that do not hash to it")
    }

    private var tooLarge: ContentError {
        .tooLarge("\(registry) has more than \(maximumBytes) bytes for \(object), which is the limit")
    }
}
