internal import Codecs
internal import Content
internal import OCIModel

/// Checks the bytes of a blob on their way out, so that no registry is handed a complete blob that is wrong.
///
/// The piece that completes the announced size is held back until the hash is known to be right and the source has
/// ended; a wrong body is therefore never complete.
struct VerifiedBody {
    private let expected: Descriptor
    private let hasher: ContentHasher
    private(set) var byteCount: Int64 = 0
    private var hasEnded = false

    init(_ expected: Descriptor) {
        self.expected = expected
        hasher = ContentHasher(expected.digest.algorithm.function)
    }

    /// The source's next piece, nil at the end.
    ///
    /// - Throws: `.sizeInvalid`, `.digestInvalid`, or what the source throws.
    mutating func next(from source: () async throws(ContentError) -> [UInt8]?) async throws(ContentError) -> [UInt8]? {
        while !hasEnded {
            guard let piece = try await source() else {
                hasEnded = true
                guard byteCount == expected.size else {
                    throw .sizeInvalid("blob \(expected.digest) ended after \(byteCount) of \(expected.size) bytes")
                }
                // Only a blob without bytes comes here unchecked.
                if expected.size == 0 { try verify() }
                break
            }
            if piece.isEmpty { continue }
            byteCount += Int64(piece.count)
            guard byteCount <= expected.size else {
                throw .sizeInvalid("blob \(expected.digest) is longer than the \(expected.size) bytes announced")
            }
            hasher.update(piece.span)
            if byteCount == expected.size { try await end(source) }
            return piece
        }
        return nil
    }

    /// The announced size is reached: nothing may follow, and the hash must be right.
    private mutating func end(_ source: () async throws(ContentError) -> [UInt8]?) async throws(ContentError) {
        try verify()
        while let more = try await source() {
            guard more.isEmpty else {
                throw .sizeInvalid("blob \(expected.digest) is longer than the \(expected.size) bytes announced")
            }
        }
        hasEnded = true
    }

    private func verify() throws(ContentError) {
        guard Digest(expected.digest.algorithm, hash: hasher.finish()) == expected.digest else {
            throw .digestInvalid("the bytes for blob \(expected.digest) do not hash to it")
        }
    }
}
