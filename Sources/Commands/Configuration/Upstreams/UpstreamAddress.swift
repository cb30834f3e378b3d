import HTTPClient
import OCIModel

/// Where an upstream is: a registry, a classic repository, or a host that may be either.
struct UpstreamAddress: Sendable, Equatable {
    enum Kind: Sendable {
        /// An OCI registry.
        case oci
        /// A classic repository: an `index.yaml`.
        case classic
        /// Whatever answers.
        case unknown
    }

    var kind: Kind
    /// Whether it is spoken to over TLS.
    var isSecure: Bool
    /// `host` or `host:port`.
    var authority: String
    /// The path without slashes at its ends, percent-encoded as given; empty when there is none.
    var path = ""

    init(kind: Kind, isSecure: Bool, authority: String, path: String = "") {
        self.kind = kind
        self.isSecure = isSecure
        self.authority = authority
        self.path = path
    }

    private static let schemes: [(text: String, kind: Kind, isSecure: Bool)] = [
        ("oci+http", .oci, false), ("oci", .oci, true), ("https", .classic, true), ("http", .classic, false),
    ]

    /// Reads `oci://host[:port][/path]`, `oci+http://…`, `https://host/path` or `http://…`.
    ///
    /// Messages never hold the text, in which there might be a password.
    init(url text: String) throws(ValueMistake) {
        let scheme = UpstreamAddress.schemes.first { text.hasPrefix($0.text + "://") }
        guard let scheme else {
            throw ValueMistake(
                "this is no URL of an upstream",
                hint: "write oci://host/path for a registry, https://host/path for a chart repository")
        }
        let url = try UpstreamAddress.parse(
            (scheme.isSecure ? "https://" : "http://") + text.dropFirst(scheme.text.utf8.count + 3))
        kind = scheme.kind
        isSecure = scheme.isSecure
        authority = url.authority
        path = UpstreamAddress.trimmed(url.path)
        guard kind == .oci, !path.isEmpty else { return }
        do {
            _ = try RepositoryName(parsing: path)
        } catch {
            throw ValueMistake("the path of the registry's URL is none: \(error.description)")
        }
    }

    /// Reads `host`, `host:port`, or a URL without a path.
    init(host text: String) throws(ValueMistake) {
        if text.utf8.contains(UInt8(ascii: "/")) {
            try self.init(url: text)
            guard path.isEmpty else {
                throw ValueMistake("a host has no path", hint: "write an upstream of its own with prefix and url")
            }
        } else {
            let url = try UpstreamAddress.parse("https://" + text)
            self.init(kind: .unknown, isSecure: true, authority: url.authority)
        }
        guard hostPrefix != nil else {
            throw ValueMistake(
                "no repository's path can begin with this host", hint: "write an upstream with prefix and url")
        }
    }

    /// The path element that stands for the host: `127.0.0.1_8080` for `127.0.0.1:8080`; nil when none can.
    var hostPrefix: RepositoryName? {
        try? RepositoryName(parsing: authority.lowercased().replacing(":", with: "_"))
    }

    /// The address as it is read; there is never a secret in it.
    var text: String {
        let scheme =
            switch kind {
            case .oci: isSecure ? "oci://" : "oci+http://"
            case .classic: isSecure ? "https://" : "http://"
            case .unknown: ""
            }
        return scheme + authority + (path.isEmpty ? "" : "/" + path)
    }

    private static func parse(_ text: String) throws(ValueMistake) -> HTTPURL {
        let url: HTTPURL
        do throws(HTTPClientError) {
            url = try HTTPURL(parsing: text)
        } catch {
            let hasUser = text.utf8.contains(UInt8(ascii: "@"))
            throw ValueMistake(
                error.message, hint: hasUser ? "use credentials: {username: NAME, passwordFile: FILE}" : nil)
        }
        guard url.query == nil else {
            throw ValueMistake("the URL has a query, which is not taken: there might be a secret in it")
        }
        return url
    }

    private static func trimmed(_ path: String) -> String {
        var rest = path.utf8[...]
        while rest.first == UInt8(ascii: "/") { rest = rest.dropFirst() }
        while rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        return String(decoding: rest, as: UTF8.self)
    }
}
