internal import CCurl

/// An absolute `http` or `https` URL, parsed by the same library that sends the request, so the two cannot disagree
/// about which host it names.
///
/// It never holds a user or a password: a text with one is refused. A fragment is dropped.
public struct HTTPURL: Hashable, Sendable, CustomStringConvertible {
    /// What is spoken to the host.
    public enum Scheme: String, Sendable {
        /// Plain HTTP.
        case http
        /// HTTP over TLS.
        case https
    }

    /// What two URLs must share before credentials meant for one are sent to the other.
    public struct Origin: Hashable, Sendable {
        /// The scheme.
        public let scheme: Scheme
        /// The host in lower case; an IPv6 literal in brackets.
        public let host: String
        /// The port, the scheme's default when the text names none.
        public let port: Int
    }

    /// The whole URL, normalised.
    public let description: String
    /// Scheme, host and port.
    public let origin: Origin
    /// The path, percent-encoded as given; it begins with `/`.
    public let path: String
    /// The query without its `?`, percent-encoded as given; nil when there is none.
    public let query: String?

    /// Parses an absolute URL.
    ///
    /// - Throws: `.urlInvalid` with the reason, never the text itself, which might hold a password.
    public init(parsing text: String) throws(HTTPClientError) {
        let parts = try URLParts()
        try parts.set(text)
        self = try parts.url()
    }

    /// Resolves a reference, relative or absolute, against this URL (RFC 3986 section 5).
    ///
    /// - Throws: `.urlInvalid`.
    public func resolving(_ reference: String) throws(HTTPClientError) -> HTTPURL {
        let parts = try URLParts()
        try parts.set(description)
        try parts.set(reference)
        return try parts.url()
    }

    /// The host, and the port unless it is the scheme's own: fit for messages.
    public var authority: String {
        let isDefault = origin.port == HTTPURL.defaultPort(of: origin.scheme)
        return isDefault ? origin.host : "\(origin.host):\(origin.port)"
    }

    fileprivate init(description: String, origin: Origin, path: String, query: String?) {
        self.description = description
        self.origin = origin
        self.path = path
        self.query = query
    }

    static func defaultPort(of scheme: Scheme) -> Int {
        switch scheme {
        case .http: 80
        case .https: 443
        }
    }
}

/// A curl URL handle.
private struct URLParts: ~Copyable {
    private let handle: OpaquePointer

    init() throws(HTTPClientError) {
        guard let handle = curl_url() else { throw .engineFailed("no memory for a URL") }
        self.handle = handle
    }

    deinit {
        curl_url_cleanup(handle)
    }

    /// Sets the URL, or follows a relative reference from the one that is set.
    func set(_ text: String) throws(HTTPClientError) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw .urlInvalid("the URL holds a blank or a control character")
        }
        let code = curl_url_set(handle, CURLUPART_URL, text, UInt32(CURLU_DISALLOW_USER))
        switch code {
        case CURLUE_OK: break
        case CURLUE_USER_NOT_ALLOWED: throw .urlInvalid("the URL holds a user or a password, which belong elsewhere")
        default: throw .urlInvalid("not a URL: \(String(cString: curl_url_strerror(code)))")
        }
        _ = curl_url_set(handle, CURLUPART_FRAGMENT, nil, 0)
    }

    func url() throws(HTTPClientError) -> HTTPURL {
        guard let scheme = part(CURLUPART_SCHEME).flatMap({ HTTPURL.Scheme(rawValue: $0.lowercased()) }) else {
            throw .urlInvalid("the URL's scheme is neither http nor https")
        }
        guard let host = part(CURLUPART_HOST), !host.isEmpty, let text = part(CURLUPART_URL),
            let port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT).flatMap({ Int($0) })
        else { throw .urlInvalid("the URL names no host") }
        return HTTPURL(
            description: text, origin: HTTPURL.Origin(scheme: scheme, host: host.lowercased(), port: port),
            path: part(CURLUPART_PATH) ?? "/", query: part(CURLUPART_QUERY))
    }

    private func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, UInt32(flags)) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
