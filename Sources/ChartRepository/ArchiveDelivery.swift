internal import Codecs
internal import Content
internal import HTTPClient
internal import HTTPMessage
internal import OCIModel
internal import RemoteRegistry

/// How far an archive has come, whatever URLs and connections it comes over.
///
/// One piece is always held back, until the whole is known to be right.
struct ArchiveDelivery {
    /// What came of a response's body.
    enum Result {
        case whole(Digest)
        /// The bytes are not the archive.
        case wrong(ContentError)
        /// Whoever takes the bytes has thrown.
        case refused(ContentError)
    }

    private let expected: Digest?
    private let maximumBytes: Int64
    private let file: AskedFile
    private let hasher = ContentHasher(.sha256)
    private var received: Int64 = 0
    private var heldBack: [UInt8] = []
    /// The size of the whole as the server says it.
    private var whole: Int64?
    private var isAnnounced = false
    private(set) var hasHandedOn = false
    /// Wrong bytes were handed on.
    private var isSpoiled = false
    /// When the first byte must be handed on.
    var deadline: ContinuousClock.Instant?
    /// When the next answer must be there: once bytes were handed on, each connection has its own time.
    var deadlineOfNext: ContinuousClock.Instant? { hasHandedOn ? nil : deadline }
    /// How many bytes the whole has.
    var byteCount: Int64 { received }

    init(expected: Digest?, maximumBytes: Int64, file: AskedFile) {
        self.expected = expected
        self.maximumBytes = maximumBytes
        self.file = file
    }

    /// Whether the bytes can be told right from wrong.
    var isVerifying: Bool { expected != nil }

    /// Whether another connection can still make it whole: with a digest it goes on behind what came, without one it
    /// must begin again, which is possible while nothing was handed on.
    var mayGoOn: Bool { !isSpoiled && (expected != nil || !hasHandedOn) }

    /// From which byte the next connection goes on.
    var nextOffset: Int64 { expected == nil ? 0 : received }

    /// Takes a body, which begins at the first byte or behind those that have come.
    ///
    /// - Throws: what ended the body early.
    mutating func take(
        _ response: HTTPClientResponse, _ sender: RetryingSender, head: (Int64?) async throws(ContentError) -> Void,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async throws(HTTPClientError) -> Result {
        if expected == nil { startAgain() }
        if let problem = learn(ArchiveDelivery.wholeSize(response)) {
            response.cancel()
            return .wrong(problem)
        }
        var toSkip = response.status == .partialContent ? 0 : received
        while let next = try await response.next() {
            try await sender.spend(received: next.count, from: response.url.origin)
            let skipped = Int(min(toSkip, Int64(next.count)))
            toSkip -= Int64(skipped)
            let piece = skipped == 0 ? next : Array(next.dropFirst(skipped))
            if piece.isEmpty { continue }
            if let problem = problem(with: piece) {
                response.cancel()
                return .wrong(problem)
            }
            hasher.update(piece.span)
            received += Int64(piece.count)
            let ready = heldBack
            heldBack = piece
            if let error = await hand(ready, head, body) {
                response.cancel()
                return .refused(error)
            }
        }
        return await end(head, body)
    }

    /// Takes note of the size; one connection must not say another than the one before.
    private mutating func learn(_ announced: Int64?) -> ContentError? {
        guard let announced else { return nil }
        guard announced <= maximumBytes else { return tooLarge }
        guard announced == whole ?? announced else {
            if !hasHandedOn { startAgain() }
            return .corrupt("\(file) is said to have \(announced) bytes, and other sizes before")
        }
        whole = announced
        return nil
    }

    private static func wholeSize(_ response: HTTPClientResponse) -> Int64? {
        guard response.status == .partialContent else { return response.contentLength }
        let range = response.headers["Content-Range"].flatMap { ContentRange(parsing: $0) }
        if case .part(_, let length)? = range { return length }
        return nil
    }

    private var tooLarge: ContentError {
        .tooLarge("\(file) is larger than \(maximumBytes) bytes, which is the limit")
    }

    private mutating func hand(
        _ piece: [UInt8], _ head: (Int64?) async throws(ContentError) -> Void,
        _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async -> ContentError? {
        guard !piece.isEmpty else { return nil }
        hasHandedOn = true
        do throws(ContentError) {
            if !isAnnounced {
                isAnnounced = true
                try await head(whole)
            }
            try await body(piece)
            return nil
        } catch {
            return error
        }
    }

    private mutating func end(
        _ head: (Int64?) async throws(ContentError) -> Void, _ body: ([UInt8]) async throws(ContentError) -> Void
    ) async -> Result {
        guard received > 0 else { return .wrong(.corrupt("\(file) came without a single byte")) }
        guard let digest = Digest(.sha256, hash: hasher.finish()) else {
            return .wrong(.internal("\(file) could not be hashed"))
        }
        if let expected, digest != expected {
            if hasHandedOn { isSpoiled = true } else { startAgain() }
            return .wrong(.corrupt("\(file) hashes to \(digest), but the index says \(expected)"))
        }
        let last = heldBack
        heldBack = []
        whole = received
        if let error = await hand(last, head, body) { return .refused(error) }
        return .whole(digest)
    }

    private mutating func startAgain() {
        hasher.reset()
        received = 0
        heldBack = []
        whole = nil
    }

    /// What is wrong with the next piece as far as one can tell.
    private func problem(with piece: [UInt8]) -> ContentError? {
        guard Int64(piece.count) <= maximumBytes - received else {
            return tooLarge
        }
        guard whole == nil || Int64(piece.count) <= (whole ?? 0) - received else {
            return .corrupt("\(file) has more bytes than the \(whole ?? 0) announced")
        }
        // Without a digest this much at least: a page of text in place of an archive is no chart.
        guard expected != nil || received > 0 || piece.first == 0x1F else {
            return .corrupt("\(file) is no gzip file")
        }
        return nil
    }
}
