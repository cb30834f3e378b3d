import Glibc

/// A certificate for loopback and its key, as PEM files.
package struct Certificate {
    package let chain: String
    package let key: String

    /// Makes one of its own, P-256, by the `openssl` command.
    init(in directory: String) throws(BenchmarkFailure) {
        (chain, key) = ("\(directory)/chain.pem", "\(directory)/key.pem")
        _ = try Child.output(
            of: [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2",
                "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", chain,
            ], in: directory)
    }

    /// What a server and OpenSSL agree on: `TLSv1.3 TLS_AES_256_GCM_SHA384`.
    package static func agreed(port: UInt16, in scratch: String) -> String? {
        let words = ["openssl", "s_client", "-connect", "127.0.0.1:\(port)"]
        guard let said = try? Child.output(of: words, in: scratch, milliseconds: 5000) else { return nil }
        for line in said.split(separator: "\n") where line.hasPrefix("New, ") {
            return String(line.dropFirst(5)).replacing(", Cipher is", with: "")
        }
        return nil
    }
}

/// Whether nginx may choose the user it works as; only then does it want to be told.
var isRoot: Bool { geteuid() == 0 }
