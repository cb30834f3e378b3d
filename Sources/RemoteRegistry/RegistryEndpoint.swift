public import Content
public import HTTPClient
internal import HTTPMessage
internal import OCIModel

/// Where a registry is: a host spoken to by HTTP or HTTPS, or a unix socket.
public struct RegistryEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// The URL of its root; `http://localhost` for a unix socket.
    let base: HTTPURL
    /// The unix socket, if it is one.
    public let unixSocketPath: String?

    /// An endpoint at `host` or `host:port`.
    ///
    /// `docker.io` and `index.docker.io` stand for the host that really serves Docker Hub's registry.
    /// - Throws: `.parameterInvalid`.
    public init(scheme: HTTPURL.Scheme, authority: String) throws(ContentError) {
        let names = ["docker.io", "index.docker.io"]
        let host = names.contains(authority) ? RegistryEndpoint.dockerHub : authority
        let isAuthority = !host.isEmpty && host.utf8.allSatisfy { !"/?#@\\".utf8.contains($0) }
        guard isAuthority else {
            throw .parameterInvalid("\(OCIParseError.quote(authority)) is not a host or host:port")
        }
        base = try RegistryEndpoint.url("\(scheme.rawValue)://\(host)/")
        unixSocketPath = nil
    }

    /// An endpoint on a unix socket, plain HTTP.
    ///
    /// - Throws: `.parameterInvalid` when the path is not absolute.
    public init(unixSocketPath path: String) throws(ContentError) {
        guard path.hasPrefix("/"), !path.utf8.contains(0) else {
            throw .parameterInvalid("a unix socket needs an absolute path, not \(OCIParseError.quote(path))")
        }
        base = try RegistryEndpoint.url("http://localhost/")
        unixSocketPath = path
    }

    /// Reads `http://host[:port]`, `https://host[:port]` or `unix:/path`.
    ///
    /// - Throws: `.parameterInvalid`.
    public init(parsing text: String) throws(ContentError) {
        if text.hasPrefix("unix:") {
            let path = text.dropFirst("unix:".count)
            try self.init(unixSocketPath: String(path.hasPrefix("//") ? path.dropFirst(2) : path))
            return
        }
        for scheme in [HTTPURL.Scheme.http, .https] where text.hasPrefix(scheme.rawValue + "://") {
            let rest = text.dropFirst(scheme.rawValue.count + 3)
            try self.init(scheme: scheme, authority: String(rest.hasSuffix("/") ? rest.dropLast() : rest))
            return
        }
        throw .parameterInvalid(
            "\(OCIParseError.quote(text)) is no address of a registry: write http://host, https://host or unix:/path")
    }

    /// `host[:port]`, or the path of the socket: for messages.
    public var name: String { unixSocketPath ?? base.authority }

    /// `host[:port]`: what credentials are kept under.
    public var authority: String { base.authority }

    /// The address as `init(parsing:)` reads it.
    public var description: String {
        unixSocketPath.map { "unix:" + $0 } ?? "\(base.origin.scheme.rawValue)://\(base.authority)"
    }

    static let dockerHub = "registry-1.docker.io"

    /// Whether it is Docker Hub, whose official repositories lie below `library/`.
    var isDockerHub: Bool { base.origin.host == RegistryEndpoint.dockerHub }

    /// A URL below the root; `path` and `query` are percent-encoded already.
    func url(_ path: String, _ query: [(String, String)] = []) throws(ContentError) -> HTTPURL {
        let root = base.description.hasSuffix("/") ? String(base.description.dropLast()) : base.description
        let items = query.map { $0.0 + "=" + PercentEncoding.encodeQueryValue($0.1) }
        return try RegistryEndpoint.url(root + path + (items.isEmpty ? "" : "?" + items.joined(separator: "&")))
    }

    /// Follows a reference the registry gave, a `Location` or a `Link`, from the URL that was asked.
    ///
    /// On the registry's own host the scheme and port it was reached by stay: behind a proxy registries name others.
    func following(_ reference: String, from url: HTTPURL) throws(ContentError) -> HTTPURL {
        do throws(HTTPClientError) {
            let target = try url.resolving(reference)
            guard target.origin != base.origin, unixSocketPath != nil || target.origin.host == base.origin.host else {
                return target
            }
            let root = String(base.description.dropLast(base.description.hasSuffix("/") ? 1 : 0))
            return try HTTPURL(parsing: root + target.path + (target.query.map { "?" + $0 } ?? ""))
        } catch {
            throw .unavailable("\(name) points at a bad URL: \(error.message)")
        }
    }

    private static func url(_ text: String) throws(ContentError) -> HTTPURL {
        do {
            return try HTTPURL(parsing: text)
        } catch {
            throw .parameterInvalid(error.message)
        }
    }
}
