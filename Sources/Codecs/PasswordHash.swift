internal import CCrypt
internal import CCrypto

/// Checks passwords against bcrypt hashes, with the system's libcrypt.
public enum PasswordHash {
    /// Whether a text is a bcrypt hash as htpasswd writes it: `$2y$`, `$2a$` or `$2b$`, a cost of 4 to 17, 53 characters.
    ///
    /// A higher cost would keep a thread for more than ten seconds a try.
    public static func isBcrypt(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 60, ["$2y$", "$2a$", "$2b$"].contains(String(text.prefix(4))), bytes[6] == 0x24 else {
            return false
        }
        guard bytes[4..<6].allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        let cost = 10 * Int(bytes[4] - 0x30) + Int(bytes[5] - 0x30)
        guard (4...17).contains(cost) else { return false }
        return bytes[7...].allSatisfy { byte in
            switch byte {
            case 0x2E...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: false
            }
        }
    }

    /// Whether the password is the hash's.
    ///
    /// Blocks for the time the hash's cost asks: 60 ms at cost 10.
    ///
    /// A password with a NUL never matches: bcrypt would stop reading there. It reads 72 bytes at most, so longer
    /// passwords match when those do.
    public static func verify(_ password: String, against hash: String) -> Bool {
        guard isBcrypt(hash), !password.utf8.contains(0) else { return false }
        return withUnsafeTemporaryAllocation(of: crypt_data.self, capacity: 1) { buffer in
            guard let data = buffer.baseAddress else { return false }
            data.initialize(to: crypt_data())
            defer {
                OPENSSL_cleanse(data, MemoryLayout<crypt_data>.size)
                data.deinitialize(count: 1)
            }
            guard let result = crypt_r(password, hash, data) else { return false }
            return equalInConstantTime(Array(String(cString: result).utf8), Array(hash.utf8))
        }
    }

    /// Compares without telling by its time where the difference is.
    public static func equalInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }

    /// Random bytes fit for keys.
    public static func randomBytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            precondition(RAND_bytes(buffer.baseAddress, Int32(count)) == 1, "the system gives no random bytes")
            filled = count
        }
    }
}
