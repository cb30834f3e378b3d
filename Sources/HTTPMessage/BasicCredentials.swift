/// A user and a password as the `Authorization` field carries them (RFC 7617).
public struct BasicCredentials: Sendable, Equatable {
    /// The user; holds no colon.
    public let user: String
    /// The password.
    public let password: String

    /// Pairs a user with a password; nil when the user holds a colon, which the wire cannot carry.
    public init?(user: String, password: String) {
        guard !user.utf8.contains(0x3A) else { return nil }
        self.user = user
        self.password = password
    }

    /// Reads an `Authorization` field value; nil for another scheme, bad base 64, no colon or not UTF-8.
    public init?(parsing value: String) {
        var scanner = FieldScanner(value)
        guard scanner.takeWord("basic"), scanner.next == 0x20 else { return nil }
        scanner.skipBlanks()
        let token = scanner.take { $0 != 0x20 && $0 != 0x09 }
        scanner.skipBlanks()
        guard scanner.isAtEnd, let bytes = Base64.decode(String(token)), let colon = bytes.firstIndex(of: 0x3A),
            let user = String(validating: bytes[..<colon], as: UTF8.self),
            let password = String(validating: bytes[(colon + 1)...], as: UTF8.self)
        else { return nil }
        self.user = user
        self.password = password
    }

    /// The field value, as `Basic dXNlcjpwYXNz`.
    public var fieldValue: String { "Basic " + Base64.encode(Array("\(user):\(password)".utf8)) }
}
