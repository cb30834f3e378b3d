import ChartRepository
import Content
import HTTPClient
import Posix
import RemoteRegistry
import Telemetry

extension UpstreamCredentials {
    /// Whether nothing is said, so that Docker's and Helm's files are looked into.
    var isDefault: Bool { !isAnonymous && username == nil && file == nil }

    /// What a registry is shown.
    func provider(_ environment: [String: String], _ logger: Logger) -> any CredentialProvider {
        if isAnonymous { return FixedCredential.anonymous }
        if let username { return GivenCredential(username: username, credentials: self, environment: environment) }
        if let file { return CredentialStore(environment: ["HELM_REGISTRY_CONFIG": file], logger: logger) }
        return CredentialStore(environment: environment, logger: logger)
    }
}

/// A user with a password that lies in a file or a variable; read anew each time, since passwords change.
struct GivenCredential: CredentialProvider {
    let username: String
    let credentials: UpstreamCredentials
    let environment: [String: String]

    func credential(for authority: String, repository: String?) async throws(ContentError) -> Credential? {
        .password(user: username, Secret(try password()))
    }

    private func password() throws(ContentError) -> String {
        if let name = credentials.passwordEnvironment {
            guard let value = environment[name], !value.isEmpty else {
                throw .unauthorized("the variable \(name), which holds the password of \(username), is not set")
            }
            return value
        }
        guard let path = credentials.passwordFile else {
            throw .unauthorized("there is no password for \(username): set passwordFile or passwordEnvironment")
        }
        let bytes: [UInt8]
        do {
            bytes = try File.contents(of: path, maximumBytes: 64 << 10)
        } catch {
            throw .unauthorized("the password of \(username) cannot be read: \(error)")
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return String(decoding: line, as: UTF8.self)
    }
}

/// What a classic repository is shown.
struct ChartCredentials: Sendable {
    private let credentials: UpstreamCredentials
    private let authority: String
    private let environment: [String: String]
    private let logger: Logger

    init(
        _ credentials: UpstreamCredentials, _ address: UpstreamAddress, _ environment: [String: String],
        _ logger: Logger
    ) {
        self.credentials = credentials
        authority = address.authority
        self.environment = environment
        self.logger = logger
    }

    /// The configured one; else that of the repository of this URL in Helm's `repositories.yaml`.
    func credential(for url: String) async throws(ContentError) -> Credential? {
        guard credentials.isDefault else {
            return try await credentials.provider(environment, logger).credential(for: authority, repository: nil)
        }
        let known = try HelmRepositories(environment: environment)
        let plain = ChartCredentials.trimmed(url)
        return known.entries.first { ChartCredentials.trimmed($0.url) == plain }?.credential
    }

    private static func trimmed(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }
}
