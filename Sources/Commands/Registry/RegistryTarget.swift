import OCIModel

/// The registry a command works on.
enum RegistryTarget: Equatable, Sendable {
    /// The store in a directory, or the server that holds it.
    case store(directory: String)
    /// A server.
    case server(ServerAddress, ServerAccess)

    /// What stands for it in objects people see: the login server of a server.
    var registryName: String {
        switch self {
        case .store: "local"
        case .server(let address, _): address.authority
        }
    }
}

/// Where a server is.
enum ServerAddress: Equatable, Sendable, CustomStringConvertible {
    /// `http` or `https` at `host` or `host:port`.
    case tcp(isSecure: Bool, authority: String)
    /// A unix socket, plain HTTP.
    case unix(path: String)

    /// Reads `http://host[:port]`, `https://host[:port]`, `unix:/path` or `oci://host[:port]`; without a scheme it is
    /// HTTPS, or HTTP on a loopback host or where `isPlain` says so.
    init(parsing text: String, isPlain: Bool, forcesTLS: Bool = false) throws(CommandError) {
        if text.hasPrefix("unix:") {
            let path = text.dropFirst(5)
            guard path.hasPrefix("/") else {
                throw CommandError(
                    .usage, "a unix socket needs an absolute path: unix:/path, not \(Printable.quoted(text))")
            }
            self = .unix(path: String(path))
            return
        }
        let (scheme, rest) = ServerAddress.split(text)
        let authority = rest.hasSuffix("/") ? rest.dropLast() : rest
        guard ServerAddress.isAuthority(authority) else {
            throw CommandError(
                .usage, "\(Printable.quoted(text)) is no address of a server",
                hints: ["write http://host:port, https://host:port or unix:/path"])
        }
        switch scheme {
        case "http": self = .tcp(isSecure: false, authority: String(authority))
        case "https": self = .tcp(isSecure: true, authority: String(authority))
        case nil, "oci":
            let isLocal = Loopback.contains(authority: authority) && !forcesTLS
            self = .tcp(isSecure: !isPlain && !isLocal, authority: String(authority))
        case let other?:
            throw CommandError(
                .usage, "a server is reached by http, https or unix, not by \(Printable.quoted(other))")
        }
    }

    /// `host` or `host:port`; the path of a unix socket.
    var authority: String {
        switch self {
        case .tcp(_, let authority): authority
        case .unix(let path): path
        }
    }

    var description: String {
        switch self {
        case .tcp(let isSecure, let authority): (isSecure ? "https://" : "http://") + authority
        case .unix(let path): "unix:" + path
        }
    }

    private static func split(_ text: String) -> (scheme: String?, rest: Substring) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].hasSuffix(":"), parts[1].isEmpty else { return (nil, Substring(text)) }
        return (parts[0].dropLast().lowercased(), parts[2])
    }

    /// Nothing that could end a URL's authority, and no user or password.
    private static func isAuthority(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: ".-_:[]".utf8.contains(byte)
                }
            }
    }
}

/// How to get into a server.
struct ServerAccess: Equatable, Sendable {
    /// A PEM file of certificate authorities trusted besides the system's.
    var authorityFile: String?
    /// A user name and password that were given; else the credential files are asked.
    var credentials: Credentials?

    struct Credentials: Equatable, Sendable {
        var username: String
        var password: String
    }
}
