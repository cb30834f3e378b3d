internal import CMicrohttpd
internal import Synchronization

/// The certificate new TLS handshakes get.
///
/// GnuTLS takes chain and key by pointer during each handshake and says nothing when it is done with them. So a
/// replaced pair is kept until the server is gone; at some kilobytes a renewal that is cheaper than being wrong.
final class CertificateStore: Sendable {
    /// TLS 1.2 and 1.3 with authenticated ciphers only; AES-128 first, the fastest that was measured.
    static let priorities: StaticString =
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:%SERVER_PRECEDENCE"

    private let pairs: Mutex<[CertificatePair]>

    init(_ certificate: ServerCertificate) throws(HTTPServerError) {
        pairs = Mutex([try CertificatePair(certificate)])
    }

    func replace(_ certificate: ServerCertificate) throws(HTTPServerError) {
        let pair = try CertificatePair(certificate)
        pairs.withLock { $0.append(pair) }
    }

    private var current: CertificatePair? { pairs.withLock { $0.last } }

    /// `gnutls_certificate_retrieve_function2`: libmicrohttpd keeps its connection with the session.
    static var callback: UnsafeMutableRawPointer? {
        let function:
            @convention(c) (
                gnutls_session_t?, UnsafePointer<gnutls_datum_t>?, Int32, UnsafePointer<gnutls_pk_algorithm_t>?, Int32,
                UnsafeMutablePointer<UnsafeMutablePointer<gnutls_pcert_st>?>?, UnsafeMutablePointer<UInt32>?,
                UnsafeMutablePointer<gnutls_privkey_t?>?
            ) -> Int32 = { session, _, _, _, _, chain, count, key in
                guard let handle = gnutls_session_get_ptr(session),
                    let kept = chartroom_connection_context(OpaquePointer(handle)),
                    let pair = Unmanaged<Connection>.fromOpaque(kept).takeUnretainedValue().engine.certificates?.current
                else { return -1 }
                chain?.pointee = pair.chain
                count?.pointee = pair.count
                key?.pointee = pair.key
                return 0
            }
        return unsafeBitCast(function, to: UnsafeMutableRawPointer?.self)
    }
}

/// A parsed chain with its key.
///
/// Unchecked: never changed after `init`; GnuTLS only reads it.
private final class CertificatePair: @unchecked Sendable {
    let chain: UnsafeMutablePointer<gnutls_pcert_st>
    let count: UInt32
    let key: gnutls_privkey_t
    private static let maximumCount: UInt32 = 16

    init(_ certificate: ServerCertificate) throws(HTTPServerError) {
        var key: gnutls_privkey_t?
        guard gnutls_privkey_init(&key) == 0, let key else {
            throw HTTPServerError.certificateInvalid(reason: "out of memory")
        }
        let chain = UnsafeMutablePointer<gnutls_pcert_st>.allocate(capacity: Int(CertificatePair.maximumCount))
        var count = CertificatePair.maximumCount
        let chainCode = CertificatePair.withDatum(certificate.chainPEM) {
            gnutls_pcert_list_import_x509_raw(chain, &count, $0, GNUTLS_X509_FMT_PEM, 0)
        }
        if chainCode < 0 { count = 0 }
        self.chain = chain
        self.count = count
        self.key = key
        guard chainCode >= 0, count > 0 else { throw CertificatePair.failure("the chain", chainCode) }
        let keyCode = CertificatePair.withDatum(certificate.keyPEM) {
            gnutls_privkey_import_x509_raw(key, $0, GNUTLS_X509_FMT_PEM, nil, 0)
        }
        guard keyCode >= 0 else { throw CertificatePair.failure("the key", keyCode) }
        guard matches() else {
            throw HTTPServerError.certificateInvalid(reason: "the key does not belong to the first certificate")
        }
    }

    deinit {
        for index in 0..<Int(count) { gnutls_pcert_deinit(chain + index) }
        chain.deallocate()
        gnutls_privkey_deinit(key)
    }

    /// Compares the public halves of the key and of the first certificate.
    private func matches() -> Bool {
        var half: gnutls_pubkey_t?
        guard gnutls_pubkey_init(&half) == 0, let half else { return false }
        defer { gnutls_pubkey_deinit(half) }
        guard gnutls_pubkey_import_privkey(half, key, 0, 0) == 0 else { return false }
        let left = CertificatePair.identity(half)
        return left != nil && left == CertificatePair.identity(chain.pointee.pubkey)
    }

    private static func identity(_ key: gnutls_pubkey_t?) -> [UInt8]? {
        var identity = [UInt8](repeating: 0, count: 64)
        var count = identity.count
        guard gnutls_pubkey_get_key_id(key, 0, &identity, &count) == 0 else { return nil }
        return Array(identity.prefix(count))
    }

    private static func withDatum(_ bytes: [UInt8], _ body: (UnsafePointer<gnutls_datum_t>) -> Int32) -> Int32 {
        var bytes = bytes
        return bytes.withUnsafeMutableBufferPointer { bytes in
            var datum = gnutls_datum_t(data: bytes.baseAddress, size: UInt32(clamping: bytes.count))
            return body(&datum)
        }
    }

    private static func failure(_ part: String, _ code: Int32) -> HTTPServerError {
        let text = gnutls_strerror(code).map { String(cString: $0) } ?? "unknown error"
        return .certificateInvalid(reason: "\(part) cannot be read: \(text)")
    }
}
