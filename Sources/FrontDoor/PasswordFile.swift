internal import Codecs

/// The users of an htpasswd file: `name:bcrypt-hash` a line, `#` for comments.
public struct PasswordFile: Sendable {
    /// A line that is no user.
    public struct Mistake: Error, Sendable, Equatable {
        /// The line, from 1.
        public let line: Int
        /// What is wrong with it, without the hash.
        public let message: String
    }

    /// Hash by user name.
    let hashes: [String: String]

    /// The users' names, sorted.
    public var users: [String] { hashes.keys.sorted() }

    /// Parses a file's text.
    ///
    /// - Throws: the first `Mistake`. Only bcrypt is taken: the other schemes of htpasswd are broken or reversible.
    public init(parsing text: String) throws(Mistake) {
        var hashes: [String: String] = [:]
        // A carriage return and a line feed are one character to Swift.
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, line) in lines.enumerated() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                throw Mistake(line: index + 1, message: "expected name:hash")
            }
            let user = String(line[..<colon])
            let hash = String(line[line.index(after: colon)...])
            guard PasswordHash.isBcrypt(hash) else {
                throw Mistake(line: index + 1, message: "the hash of \(user) is not bcrypt; make it with htpasswd -B")
            }
            guard hashes.updateValue(hash, forKey: user) == nil else {
                throw Mistake(line: index + 1, message: "\(user) appears twice")
            }
        }
        self.hashes = hashes
    }
}
