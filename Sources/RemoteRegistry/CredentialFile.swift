internal import Content
internal import HTTPMessage
internal import OCIModel

/// One credential file in Docker's format, which Helm and the containers tools share.
///
/// Keys are `host[:port]`, in the containers tools' file also with the beginning of a repository's path; Docker's own
/// tools write some as URLs. Source: docker/cli v27 cli/config/configfile/file.go, containers-auth.json(5).
struct CredentialFile: Sendable {
    /// Credentials in the file itself, by key.
    private let credentials: [String: Credential]
    /// The suffix of the helper for a key.
    private let helpers: [String: String]
    /// The suffix of the helper for everything else.
    private let store: String?

    /// Reads a file; an entry that holds nothing usable is left out: Docker leaves empty ones where a helper has them.
    ///
    /// - Throws: `OCIParseError` when it is no JSON object; the message holds none of its text.
    init(parsing bytes: [UInt8]) throws(OCIParseError) {
        let tree = try JSONValue(parsing: bytes)
        guard tree.members != nil else { throw OCIParseError("it is not a JSON object") }
        var credentials: [String: Credential] = [:]
        for (key, entry) in tree["auths"]?.members ?? [] {
            if let credential = CredentialFile.credential(entry) {
                credentials[CredentialFile.normalised(key)] = credential
            }
        }
        var helpers: [String: String] = [:]
        for (key, suffix) in tree["credHelpers"]?.members ?? [] {
            if let suffix = suffix.string { helpers[CredentialFile.normalised(key)] = suffix }
        }
        self.credentials = credentials
        self.helpers = helpers
        store = tree["credsStore"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The credential in the file for the first of the keys that has one.
    func credential(for keys: [String]) -> Credential? {
        keys.lazy.compactMap { credentials[$0] }.first
    }

    /// The helper to ask first: one for the key, else the one for everything.
    func helper(for keys: [String]) -> String? {
        keys.lazy.compactMap { helpers[$0] }.first ?? store
    }

    /// The keys a registry's credentials may lie under, the most exact first.
    static func keys(_ authority: String, repository: String?) -> [String] {
        var keys: [String] = []
        var path = repository.map { $0.split(separator: "/") } ?? []
        let hosts = dockerHubNames.contains(authority) ? ["docker.io", "index.docker.io", authority] : [authority]
        while true {
            for host in hosts { keys.append(([host[...]] + path).joined(separator: "/")) }
            if path.isEmpty { return keys }
            path.removeLast()
        }
    }

    /// What a helper is asked for: Docker Hub has a name of its own.
    static func serverURL(_ authority: String) -> String {
        dockerHubNames.contains(authority) ? "https://index.docker.io/v1/" : authority
    }

    /// A credential from a user name and a secret; `<token>` as the name marks an identity token.
    static func credential(user: String, secret: String) -> Credential {
        user == "<token>" ? .identityToken(Secret(secret)) : .password(user: user, Secret(secret))
    }

    private static let dockerHubNames = ["docker.io", "index.docker.io", RegistryEndpoint.dockerHub]

    private static func credential(_ entry: JSONValue) -> Credential? {
        if let token = entry["registrytoken"]?.string, !token.isEmpty { return .accessToken(Secret(token)) }
        if let token = entry["identitytoken"]?.string, !token.isEmpty { return .identityToken(Secret(token)) }
        if let text = entry["auth"]?.string, !text.isEmpty {
            guard let bytes = Base64.decode(text), let pair = String(validating: bytes, as: UTF8.self),
                let colon = pair.firstIndex(of: ":")
            else { return nil }
            let secret = pair[pair.index(after: colon)...].reversed().drop { $0 == "\0" }.reversed()
            return credential(user: String(pair[..<colon]), secret: String(secret))
        }
        guard let user = entry["username"]?.string, let password = entry["password"]?.string, !user.isEmpty else {
            return nil
        }
        return credential(user: user, secret: password)
    }

    /// A key without scheme, version path and final slash: `https://index.docker.io/v1/` is `index.docker.io`.
    private static func normalised(_ key: String) -> String {
        var text = Substring(key)
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text = text.dropFirst(scheme.count) }
        while text.hasSuffix("/") { text = text.dropLast() }
        for version in ["/v1", "/v2"] where text.hasSuffix(version) { text = text.dropLast(version.count) }
        return String(text)
    }
}
