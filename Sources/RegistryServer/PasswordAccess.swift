internal import Codecs
public import HTTPMessage
internal import Posix
internal import Synchronization

/// Users with passwords, by Basic authentication.
///
/// A password that was right is remembered for five minutes by a keyed hash, so that bcrypt's cost is paid once and not
/// for each request. Checks run one after the other on a thread of their own: a flood of wrong passwords costs that
/// thread and nobody else.
public final class PasswordAccess: Authenticator {
    private struct State {
        var hashes: [String: String]
        var levels: [String: AccessLevel]
        var remembered: [[UInt8]: (identity: Identity, until: ContinuousClock.Instant)] = [:]
        var waiting = 0
    }

    private static let memory: Duration = .seconds(300)
    private static let mostRemembered = 10_000
    private static let mostWaiting = 64
    /// Checked when there is no such user, so that the time taken does not tell which names exist.
    private static let nobody = "$2y$10$abcdefghijklmnopqrstuuOUDn9U46VOdkzK2PXnqxzt7hDDVHG3S"

    private let state: Mutex<State>
    private let anonymous: AccessLevel
    private let key = PasswordHash.randomBytes(32)
    private let thread = ThreadPool(name: "passwords", threads: 1)

    /// Takes the users of a file; a user `levels` does not name has `.readWrite`.
    public init(_ file: PasswordFile, levels: [String: AccessLevel], anonymous: AccessLevel) {
        state = Mutex(State(hashes: file.hashes, levels: levels))
        self.anonymous = anonymous
    }

    /// Takes a changed file: who is gone, or has a new password, is forgotten at once.
    public func replace(_ file: PasswordFile, levels: [String: AccessLevel]) {
        state.withLock { $0 = State(hashes: file.hashes, levels: levels, waiting: $0.waiting) }
    }

    /// A Basic challenge.
    public var challenge: AuthenticationChallenge { .basic(realm: "chartroom") }

    /// Always: see `Authenticator.challengesOnBase`.
    public var challengesOnBase: Bool { true }

    /// Knows the anonymous, and whoever was right in the last five minutes.
    public func recall(_ authorization: String?) -> Recollection {
        guard let authorization else { return .identity(Identity(user: nil, level: anonymous)) }
        let print = fingerprint(authorization)
        let known = state.withLock { state -> Identity? in
            guard let entry = state.remembered[print] else { return nil }
            if entry.until > .now { return entry.identity }
            state.remembered[print] = nil
            return nil
        }
        return known.map { .identity($0) } ?? .unknown(authorization)
    }

    /// Checks a user and password.
    ///
    /// 60 ms at bcrypt's cost 10, on a thread of its own.
    public func verify(_ authorization: String) async -> Identity? {
        guard let credentials = BasicCredentials(parsing: authorization) else { return nil }
        let hash: String? = state.withLock { state in
            guard state.waiting < PasswordAccess.mostWaiting else { return nil }
            state.waiting += 1
            return state.hashes[credentials.user] ?? PasswordAccess.nobody
        }
        guard let hash else { return nil }
        let isRight = await withTaskExecutorPreference(thread) {
            await PasswordAccess.check(credentials.password, hash)
        }
        return state.withLock { state in
            state.waiting -= 1
            guard isRight, state.hashes[credentials.user] == hash else { return nil }
            let identity = Identity(
                user: credentials.user, level: state.levels[credentials.user] ?? .readWrite)
            if state.remembered.count >= PasswordAccess.mostRemembered { state.remembered = [:] }
            state.remembered[fingerprint(authorization)] = (identity, .now + PasswordAccess.memory)
            return identity
        }
    }

    @concurrent private static func check(_ password: String, _ hash: String) async -> Bool {
        PasswordHash.verify(password, against: hash)
    }

    /// A keyed hash: the memory of a right password must not hold the password.
    private func fingerprint(_ authorization: String) -> [UInt8] {
        ContentHasher.hash((key + Array(authorization.utf8)).span, .sha256)
    }
}
