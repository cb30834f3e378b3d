// Codecs: bytes in, bytes out: hashes, password hashes, random bytes, deflate. No files, no paths. Thread rule: a hasher
// or a compressor has one user at a time; all else may be called from any thread.

internal import CCrypto

/// A running SHA-2 hash over OpenSSL's libcrypto, which uses the processor's SHA instructions.
///
/// Not safe to share between threads; may move between them. Measured: 1.9 GB/s a core with SHA-256.
public final class ContentHasher {
    /// The functions on offer.
    public enum Function: Sendable {
        /// 32 bytes.
        case sha256
        /// 64 bytes.
        case sha512
    }

    private let context: OpaquePointer
    private let function: OpaquePointer?
    private let length: Int

    /// Begins a hash.
    public init(_ function: Function) {
        let name: String
        switch function {
        case .sha256: (name, length) = ("SHA256", 32)
        case .sha512: (name, length) = ("SHA512", 64)
        }
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("libcrypto is out of memory") }
        self.context = context
        self.function = EVP_MD_fetch(nil, name, nil)
        precondition(EVP_DigestInit_ex(context, self.function, nil) == 1, "libcrypto offers no \(name)")
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(function)
    }

    /// Adds bytes.
    public func update(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { buffer in
            _ = EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
        }
    }

    /// The hash of all bytes so far.
    ///
    /// The hasher goes on from there only after `reset()`.
    public func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var written: UInt32 = 0
            precondition(EVP_DigestFinal_ex(context, buffer.baseAddress, &written) == 1, "libcrypto cannot hash")
            count = Int(written)
        }
    }

    /// Begins anew.
    public func reset() {
        precondition(EVP_DigestInit_ex(context, function, nil) == 1, "libcrypto cannot hash")
    }

    /// The hash of bytes at hand.
    public static func hash(_ bytes: Span<UInt8>, _ function: Function) -> [UInt8] {
        let hasher = ContentHasher(function)
        hasher.update(bytes)
        return hasher.finish()
    }
}
