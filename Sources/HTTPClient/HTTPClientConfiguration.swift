/// What every request of one client shares.
public struct HTTPClientConfiguration: Sendable {
    /// Whom to trust and what to show.
    public var tls = HTTPClientTLS()
    /// The value of `User-Agent`.
    public var userAgent = "chartroom"
    /// Whether a proxy is used.
    public var proxy = Proxy.environment
    /// The most connections open to one host at a time; further requests wait for one.
    public var maximumConnectionsPerHost = 32
    /// The most idle connections kept for reuse.
    public var maximumIdleConnections = 64
    /// The largest response header taken, in bytes, all fields together.
    public var maximumHeaderBytes = 65_536
    /// How much of a body waits in memory for its reader, and how much of a request body for the network, in bytes.
    public var bufferBytes = 262_144

    /// Tells the kind of an address and port that was connected to; tests put their servers elsewhere with it.
    package var addressKind: @Sendable (String, Int) -> HTTPAddressKind? = { address, _ in
        HTTPAddressKind(address: address)
    }

    /// The defaults.
    public init() {}

    /// Whether a proxy is used.
    public enum Proxy: Sendable {
        /// What `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` say, as libcurl reads them.
        case environment
        /// None.
        case none
    }
}

/// Whom to trust and what to show in a TLS handshake.
///
/// Files are PEM, read on each new connection.
public struct HTTPClientTLS: Sendable, Equatable {
    /// A file of further certificate authorities, trusted besides the system's.
    public var additionalAuthorities: String?
    /// The client's certificate with its chain.
    public var certificate: String?
    /// The key of the client's certificate; nil when it is in the same file.
    public var privateKey: String?
    /// How the server's certificate is checked.
    public var verification = Verification.full

    /// The system's authorities and no client certificate.
    public init() {}

    /// How the server's certificate is checked.
    public enum Verification: Sendable {
        /// A trusted chain and the right name.
        case full
        /// Nothing is checked: anybody in between can read and change everything.
        case none
    }
}
