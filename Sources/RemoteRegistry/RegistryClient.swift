// RemoteRegistry: another registry as an end of Content, over the OCI Distribution protocol.
//
// Owns: the requests and answers of the protocol, credentials, tokens, retries and pages. Layers, each of its own:
// `RetryingSender` repeats what passes, `Authorizer` knows what the registry wants to be shown, `Pagination` follows
// links; `RegistryTransport` puts the first two together.
// Invariant: nothing that was read is handed out as whole unless it hashes to its digest, and no secret is in any
// message or goes to an origin it was not given for.
// Threads: any task may call; blocking work lies on the HTTP client's thread.
// Attributes come from Azure's data-plane paths (`/acr/v1/`), which Chartroom's own server has; other registries
// are read through `/v2/` as far as that goes.

internal import Content
public import HTTPClient
internal import Synchronization

/// A registry somewhere else.
///
/// Safe to share; keeps tokens, not connections: those are the client's.
public final class RegistryClient: Sendable {
    /// How it is spoken to.
    public struct Options: Sendable {
        /// How failures that pass are met.
        public var retry = RetryPolicy()
        /// Clocks and chance.
        public var timing = RetryTiming.system
        /// What its host may be asked at a time, shared with others; nil for as much as comes.
        public var budgets: HostBudgets?
        /// How long a request may take, also one for a token.
        ///
        /// The first byte of an upload's answer may be long in coming: the registry hashes.
        public var deadlines = HTTPDeadlines(firstByte: .seconds(300))
        /// Blobs up to this many bytes are read into memory first, so that their upload can be repeated.
        public var bufferedUploadBytes: Int64 = 1 << 20
        /// Blobs larger than this are sent in chunks, which can be resumed; smaller ones in one request.
        public var chunkedUploadThreshold: Int64 = 16 << 20
        /// The size of a chunk in bytes, held in memory; a registry may ask for larger ones.
        public var chunkBytes = 8 << 20
        /// The largest manifest taken, in bytes.
        public var maximumManifestBytes = 4 << 20
        /// Where it may lie; for a registry that somebody else named, and not whoever configured it.
        public var addresses = HTTPAddressPolicy.any

        /// The defaults.
        public init() {}
    }

    /// Where it is.
    public let endpoint: RegistryEndpoint
    let options: Options
    let transport: RegistryTransport
    /// Whether the registry has answered that it has no attribute paths.
    let lacksAttributePaths = Mutex(false)
    /// Whether it lists tags with their digests.
    let tagListing = TagListingKnowledge()
    /// Whether it lists referrers by itself; who pushes one keeps an index of them where it does not.
    let referrersIndex = SerialWork()

    /// How many requests were sent, with those for tokens and repeated ones.
    public var requestCount: Int64 { transport.sender.sent.count }

    /// Makes an end of the registry at an endpoint.
    ///
    /// Sends nothing yet.
    public init(
        _ endpoint: RegistryEndpoint, credentials: any CredentialProvider, client: HTTPClient,
        _ options: Options = Options()
    ) {
        self.endpoint = endpoint
        self.options = options
        let sender = RetryingSender(
            client: client, policy: options.retry, timing: options.timing, budgets: options.budgets)
        transport = RegistryTransport(
            endpoint: endpoint, sender: sender,
            authorizer: Authorizer(
                endpoint: endpoint, provider: credentials, sender: sender, deadlines: options.deadlines,
                ownAddresses: options.addresses),
            addresses: options.addresses, deadlines: options.deadlines)
    }
}
