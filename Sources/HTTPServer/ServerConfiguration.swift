internal import Glibc

/// Where to listen.
public enum ListenAddress: Sendable, Equatable {
    /// A TCP socket; port 0 lets the kernel choose. The host is a literal address or a name to resolve.
    case tcp(host: String, port: UInt16)
    /// A unix stream socket; a stale socket file of a dead server is replaced, a live one is an error.
    case unix(path: String)
    /// A socket that is already listening (systemd socket activation); the server takes it over.
    case inherited(descriptor: Int32)
}

/// Limits on what one client, or all of them, may use.
///
/// Every one has a test.
public struct ServerLimits: Sendable, Equatable {
    /// Request line and header together, in bytes; 431 above.
    public var headerBytes = 16 * 1024
    /// Path and query, in bytes; 414 above.
    public var targetBytes = 8 * 1024
    /// Open connections in all; further ones wait in the kernel's queue or are closed.
    public var connections = 4096
    /// Open connections from one address.
    public var connectionsPerAddress = 1024
    /// A connection without a request is closed after this.
    public var idleTimeout: Duration = .seconds(75)
    /// A request header must be complete this long after its first byte; the connection closes otherwise.
    public var headerTimeout: Duration = .seconds(10)
    /// A body must move at least this many bytes in each `bodyTimeout`, in either direction.
    public var minimumBodyBytes = 1024
    /// See `minimumBodyBytes`.
    public var bodyTimeout: Duration = .seconds(30)
    /// Requests that have left their loop thread and are not answered; 503 above.
    public var pendingRequests = 4096

    /// The defaults.
    public init() {}
}

/// A certificate chain and its key, both PEM.
public struct ServerCertificate: Sendable {
    /// The chain, the server's own certificate first.
    public var chainPEM: [UInt8]
    /// The private key, not encrypted.
    public var keyPEM: [UInt8]

    /// Pairs a chain with its key.
    public init(chainPEM: [UInt8], keyPEM: [UInt8]) {
        self.chainPEM = chainPEM
        self.keyPEM = keyPEM
    }
}

/// What a server is made from.
public struct ServerConfiguration: Sendable {
    /// Where to listen.
    public var listen: ListenAddress
    /// The certificate; nil for plain HTTP.
    public var certificate: ServerCertificate?
    /// What clients may use.
    public var limits = ServerLimits()
    /// Loop threads, 1 to 64.
    ///
    /// One a core is best: more cost throughput, since none of them ever waits.
    public var threads = ServerConfiguration.cores
    /// Gets libmicrohttpd's own messages, one a call, from any thread; they are dropped by default.
    public var log: @Sendable (String) -> Void = { _ in }

    /// The defaults for an address.
    public init(listen: ListenAddress) {
        self.listen = listen
    }

    private static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
