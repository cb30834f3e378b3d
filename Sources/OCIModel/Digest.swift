// OCIModel: the nouns of the OCI Image and Distribution specifications.
//
// Owns: digest, name, tag, reference, media type, descriptor, manifest and image index, and the 14 error codes.
// Invariant: a value that exists is valid; text is parsed once, at the door. Pure: no I/O, no C, no clock.

/// The hash functions a digest may name.
public enum DigestAlgorithm: UInt8, CaseIterable, Sendable, Hashable {
    /// SHA-256, 32 bytes. The raw value is the first byte of `Digest.bytes` and of the column in the metadata.
    case sha256 = 1
    /// SHA-512, 64 bytes.
    case sha512 = 2

    /// The name in a digest's text: `sha256` or `sha512`.
    public var name: String {
        switch self {
        case .sha256: "sha256"
        case .sha512: "sha512"
        }
    }

    /// The length of the hash in bytes.
    public var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        }
    }

    /// Finds the algorithm by its name in a digest's text.
    public init?(name: String) {
        guard let match = DigestAlgorithm.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}

/// A content address: algorithm and hash, `sha256:<64 lower-case hex digits>` in text.
///
/// Source: image-spec v1.1.1 `descriptor.md`, section Digests.
public struct Digest: Hashable, Sendable {
    /// The algorithm's raw value followed by the hash: 33 or 65 bytes.
    ///
    /// This is how the metadata stores it.
    public let bytes: [UInt8]

    /// Builds a digest from a hash of the algorithm's length; nil when the length is wrong.
    public init?(_ algorithm: DigestAlgorithm, hash: [UInt8]) {
        guard hash.count == algorithm.byteCount else { return nil }
        bytes = [algorithm.rawValue] + hash
    }

    /// Takes back what `bytes` gave; nil when it is nothing that `bytes` gives.
    public init?(bytes: [UInt8]) {
        guard let first = bytes.first, let algorithm = DigestAlgorithm(rawValue: first),
            bytes.count == algorithm.byteCount + 1
        else { return nil }
        self.bytes = bytes
    }

    /// Parses the text form: a known algorithm, a colon, lower-case hex of the right length.
    ///
    /// - Throws: `OCIParseError` with a sentence that quotes at most 100 characters of the input.
    public init(parsing text: some StringProtocol) throws(OCIParseError) {
        try self.init(parsing: Substring(text))
    }

    /// The same without generics, for the request path.
    ///
    /// - Throws: `OCIParseError` with a sentence that quotes at most 100 characters of the input.
    public init(parsing text: Substring) throws(OCIParseError) {
        guard let bytes = Digest.bytes(text.utf8.span) else {
            throw OCIParseError(
                "digest \(OCIParseError.quote(text)) is not sha256:<64 hex digits> or sha512:<128 hex digits>")
        }
        self.bytes = bytes
    }

    /// Both algorithms' names have six letters, so the colon has its place.
    private static func bytes(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count > 7, text[6] == UInt8(ascii: ":"),
            let algorithm = DigestAlgorithm.allCases.first(where: { starts(text, with: $0) }),
            text.count == 7 + 2 * algorithm.byteCount
        else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(algorithm.byteCount + 1)
        bytes.append(algorithm.rawValue)
        var position = 7
        while position < text.count {
            guard let high = nibble(text[position]), let low = nibble(text[position + 1]) else { return nil }
            bytes.append(high << 4 | low)
            position += 2
        }
        return bytes
    }

    private static func starts(_ text: Span<UInt8>, with algorithm: DigestAlgorithm) -> Bool {
        var position = 0
        for byte in algorithm.name.utf8 {
            guard text[position] == byte else { return false }
            position += 1
        }
        return true
    }

    private static func nibble(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// The hash function.
    public var algorithm: DigestAlgorithm { bytes[0] == DigestAlgorithm.sha512.rawValue ? .sha512 : .sha256 }

    /// The hash in lower-case hex: the file name under `blobs/<algorithm>/`.
    public var hex: String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * (bytes.count - 1))
        for byte in bytes.dropFirst() {
            text.append(Digest.hexDigit(byte >> 4))
            text.append(Digest.hexDigit(byte & 0xF))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}

extension Digest: CustomStringConvertible {
    /// The text form, `sha256:…`.
    public var description: String { algorithm.name + ":" + hex }
}

extension Digest: Comparable {
    /// Orders by algorithm, then by hash: the order of the text form.
    public static func < (left: Digest, right: Digest) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
