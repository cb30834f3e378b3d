public import Content

/// A password or token: printed, interpolated or dumped it reads `***`.
public struct Secret: Sendable, Hashable {
    /// The text itself; for the wire only.
    public let revealed: String

    /// Wraps a text.
    public init(_ text: String) {
        revealed = text
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `***`.
    public var description: String { "***" }
    /// `***`.
    public var debugDescription: String { "***" }
    /// Nothing to see.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a registry is shown.
public enum Credential: Sendable, Hashable {
    /// A user and a password, or what stands for one.
    case password(user: String, Secret)
    /// A refresh token to trade for access tokens at the token server.
    case identityToken(Secret)
    /// An access token, sent as it is.
    case accessToken(Secret)
}

/// Finds credentials.
public protocol CredentialProvider: Sendable {
    /// The credential for a registry, given as `host[:port]`, and a repository of it; nil for none.
    ///
    /// Asked at most once for each repository of a `RegistryClient`, when the registry wants to know who asks.
    /// - Throws: when a credential file cannot be read.
    func credential(for authority: String, repository: String?) async throws(ContentError) -> Credential?
}

/// The same credential, or none, for whatever is asked.
public struct FixedCredential: CredentialProvider {
    private let credential: Credential?

    /// Keeps the credential.
    public init(_ credential: Credential?) {
        self.credential = credential
    }

    /// No credential.
    public static let anonymous = FixedCredential(nil)

    /// The credential it was made with.
    public func credential(for authority: String, repository: String?) async throws(ContentError) -> Credential? {
        credential
    }
}
