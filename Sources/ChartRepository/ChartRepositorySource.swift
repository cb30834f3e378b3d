// ChartRepository: a classic chart repository (an `index.yaml` and archives) somewhere else, as a source of charts.
//
// Owns: where a repository is and what it may be trusted with, the requests for index, archive and provenance, and the
// reading of `repositories.yaml`.
// Invariant: an archive whose digest the index gives is never handed on whole unless it hashes to it; credentials, the
// client's certificate and the query of the repository's URL go to the repository's own origin alone, unless the
// configuration says otherwise; no host is contacted that the configuration does not allow.
// Threads: any task may call; blocking work lies on the HTTP client's thread, parsing on the worker that is given.
// Compatibility: URLs are resolved and credentials are sent as helm.sh/helm/v4 v4.3.0 does it, or more narrowly.

public import Content
public import HTTPClient
internal import OCIModel
public import RemoteRegistry

/// Where a classic repository is, and what it may be trusted with.
public struct ChartRepositorySource: Sendable {
    /// Its URL, without `index.yaml`.
    ///
    /// A query is kept for every request to the repository's own origin.
    public let url: HTTPURL
    /// What is shown to it with the first request; an identity token is not, since there is nobody to trade it.
    public var credential: Credential?
    /// Whether the credential goes to other hosts too: Helm's `pass_credentials_all`.
    public var passesCredentialsToAll = false
    /// Which other hosts its index and its redirects may name.
    public var allowedHosts = AllowedHosts.own

    /// Reads an `http` or `https` URL.
    ///
    /// - Throws: `.parameterInvalid`; the message never holds the text, in which there might be a password.
    public init(parsing text: String, credential: Credential? = nil) throws(ContentError) {
        do {
            url = try HTTPURL(parsing: text)
        } catch {
            throw .parameterInvalid("the address of a chart repository cannot be used: \(error.message)")
        }
        self.credential = credential
    }

    /// The URL without its query: for messages.
    public var name: String { url.nameForMessages }

    /// What `Authorization` says to a host; nil for nothing.
    func authorization(for target: HTTPURL) throws(ContentError) -> Secret? {
        guard passesCredentialsToAll || target.origin == url.origin else { return nil }
        return try credential?.fieldValue(for: name)
    }
}

extension HTTPURL {
    /// The URL without its query, in which there may be a token.
    var nameForMessages: String {
        "\(origin.scheme.rawValue)://\(authority)" + (path.hasSuffix("/") ? String(path.dropLast()) : path)
    }
}
