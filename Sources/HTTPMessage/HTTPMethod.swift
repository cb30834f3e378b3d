// HTTPMessage: the grammar of HTTP that client and server share.
//
// Owns: methods, status codes, header fields, byte ranges, the `Link`, `WWW-Authenticate` and percent-encoding
// grammars. Pure values: no I/O, no C, safe to share between threads.

/// A request method (RFC 9110 section 9).
///
/// Any token is a method; the known ones are static members.
public struct HTTPMethod: RawRepresentable, Hashable, Sendable {
    /// The method as sent, case-sensitive.
    public let rawValue: String

    /// Wraps a method as sent.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Reads a representation.
    public static let get = HTTPMethod(rawValue: "GET")
    /// Reads a representation's header fields only.
    public static let head = HTTPMethod(rawValue: "HEAD")
    /// Hands the body to the resource.
    public static let post = HTTPMethod(rawValue: "POST")
    /// Replaces the resource.
    public static let put = HTTPMethod(rawValue: "PUT")
    /// Changes a part of the resource.
    public static let patch = HTTPMethod(rawValue: "PATCH")
    /// Removes the resource.
    public static let delete = HTTPMethod(rawValue: "DELETE")
    /// Asks what the resource allows.
    public static let options = HTTPMethod(rawValue: "OPTIONS")
}
