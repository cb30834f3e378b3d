public import Content
public import HTTPClient
internal import OCIModel
public import Posix
public import RemoteRegistry
internal import YAML

/// The repositories that Helm's user has added: `repositories.yaml`.
///
/// Source: helm.sh/helm/v4 v4.3.0 `pkg/repo/v1/repo.go` and `chartrepo.go`.
public struct HelmRepositories: Sendable {
    /// One repository of the file.
    public struct Entry: Sendable {
        /// The name it was added under.
        public let name: String
        /// Its URL as written.
        public let url: String
        /// Its user and password, when both are set: Helm sends neither alone.
        public let credential: Credential?
        /// Whether they go to other hosts too.
        public let passesCredentialsToAll: Bool
        /// Whom to trust and what to show.
        public let tls: HTTPClientTLS

        /// Where it is, with its credential.
        ///
        /// - Throws: `.parameterInvalid` for a URL that is not spoken here.
        public func source() throws(ContentError) -> ChartRepositorySource {
            var source = try ChartRepositorySource(parsing: url, credential: credential)
            source.passesCredentialsToAll = passesCredentialsToAll
            return source
        }
    }

    /// The repositories in the file's order; those without a URL are left out.
    public let entries: [Entry]

    /// Reads a file; `path` is for messages, which hold none of the text.
    ///
    /// - Throws: `.parameterInvalid`.
    public init(parsing bytes: [UInt8], path: String) throws(ContentError) {
        let root: YAMLNode?
        do throws(YAMLError) {
            root = try YAMLDocument.parse(bytes)
        } catch {
            throw .parameterInvalid("\(path) is malformed on line \(error.line)")
        }
        let list = root?["repositories"]
        guard root == nil || root?.entries != nil, list == nil || list?.isNull == true || list?.elements != nil else {
            throw .parameterInvalid("\(path) is malformed: its repositories are no list")
        }
        entries = (list?.elements ?? []).compactMap(HelmRepositories.entry)
    }

    /// Reads the file of the machine's user: `$HELM_REPOSITORY_CONFIG`, else below Helm's configuration directory.
    ///
    /// A file that is not there has no repositories.
    /// - Throws: `.parameterInvalid` when it cannot be read or is malformed.
    public init(
        environment: [String: String], readFile: CredentialStore.FileReader = CredentialStore.fileSystem
    ) throws(ContentError) {
        let path = HelmRepositories.path(environment)
        var bytes: [UInt8] = []
        do throws(SystemError) {
            if let path { bytes = try readFile(path, 4 << 20) }
        } catch {
            guard error.isNotFound else {
                throw .parameterInvalid("\(path ?? "") cannot be read: \(SystemError.text(error.code))")
            }
        }
        try self.init(parsing: bytes, path: path ?? "")
    }

    /// The first repository with a URL; a slash at the end makes no difference.
    public func entry(url: String) -> Entry? {
        entries.first { HelmRepositories.trimmed($0.url) == HelmRepositories.trimmed(url) }
    }

    /// The repository with a name.
    public func entry(named name: String) -> Entry? {
        entries.first { $0.name == name }
    }

    private static func trimmed(_ url: String) -> Substring {
        url.hasSuffix("/") ? url.dropLast() : url[...]
    }

    private static func path(_ environment: [String: String]) -> String? {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let path = variable("HELM_REPOSITORY_CONFIG") { return path }
        let configuration = variable("XDG_CONFIG_HOME") ?? variable("HOME").map { $0 + "/.config" }
        let helm = variable("HELM_CONFIG_HOME") ?? configuration.map { $0 + "/helm" }
        return helm.map { $0 + "/repositories.yaml" }
    }

    private static func entry(_ node: YAMLNode) -> Entry? {
        func text(_ key: String) -> String? { node[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        guard let url = text("url") else { return nil }
        var credential: Credential?
        if let user = text("username"), let password = text("password") {
            credential = .password(user: user, Secret(password))
        }
        var tls = HTTPClientTLS()
        tls.additionalAuthorities = text("caFile")
        tls.certificate = text("certFile")
        tls.privateKey = text("keyFile")
        if node["insecure_skip_tls_verify"]?.bool == true { tls.verification = .none }
        return Entry(
            name: text("name") ?? "", url: url, credential: credential,
            passesCredentialsToAll: node["pass_credentials_all"]?.bool == true, tls: tls)
    }
}
