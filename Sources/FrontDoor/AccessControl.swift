public import Content
public import HTTPMessage

/// Who a request comes from.
public struct Identity: Sendable, Equatable {
    /// The user's name; nil for anonymous.
    public var user: String?
    /// What they may do.
    public var level: AccessLevel

    /// Builds an identity.
    public init(user: String?, level: AccessLevel) {
        self.user = user
        self.level = level
    }
}

/// What someone may do.
public enum AccessLevel: Int, Comparable, Sendable {
    /// Nothing.
    case none
    /// Pull and list.
    case read
    /// Push and delete as well.
    case readWrite

    /// Orders from less to more.
    public static func < (left: AccessLevel, right: AccessLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Decides who a request comes from.
///
/// The seam behind which tokens will come to live beside passwords.
public protocol Authenticator: Sendable {
    /// Answers from memory, on the loop thread; `.unknown` when it must be looked into.
    func recall(_ authorization: String?) -> Recollection
    /// Looks into credentials; may take long and runs off the loop thread. Nil when they are wrong.
    ///
    /// - Throws: `.rateLimited` or `.unavailable` when it cannot be said now whether they are.
    func verify(_ authorization: String) async throws(ContentError) -> Identity?
    /// What a 401 asks for.
    var challenge: AuthenticationChallenge { get }
    /// Whether `/v2/` must ask for credentials even where anonymous requests are allowed.
    ///
    /// Without that a client's login would succeed with any password, because it never gets to send one.
    var challengesOnBase: Bool { get }
}

/// What an authenticator knows without looking.
public enum Recollection: Sendable {
    /// This is who it is.
    case identity(Identity)
    /// These credentials are wrong.
    case wrong
    /// It must be looked into.
    case unknown(String)
}

/// No users: everyone is anonymous, and credentials that are sent all the same are not looked at.
public struct AnonymousAccess: Authenticator {
    private let level: AccessLevel

    /// Gives everyone a level.
    public init(_ level: AccessLevel) {
        self.level = level
    }

    /// Everyone is anonymous.
    public func recall(_ authorization: String?) -> Recollection {
        .identity(Identity(user: nil, level: level))
    }

    /// Everyone is anonymous.
    public func verify(_ authorization: String) async -> Identity? { Identity(user: nil, level: level) }

    /// Basic, for the sake of form.
    public var challenge: AuthenticationChallenge { .basic(realm: "chartroom") }

    /// There is nothing to log in to.
    public var challengesOnBase: Bool { level == .none }
}
