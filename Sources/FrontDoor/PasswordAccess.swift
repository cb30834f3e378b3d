internal import Codecs
public import Content
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
        var checks: [[UInt8]: Check] = [:]
        /// Checked when there is no such user, so that the time taken does not tell which names exist.
        var decoy: String

        init(_ file: PasswordFile, _ levels: [String: AccessLevel]) {
            hashes = file.hashes
            self.levels = levels
            let costs = file.hashes.values.map { $0.dropFirst(4).prefix(3) }
            decoy = "$2y$" + (costs.max() ?? "10$") + PasswordAccess.nobody
        }
    }

    /// A password on its way through bcrypt.
    private struct Check {
        let hash: String
        let result: Task<Bool, Never>
    }

    private static let memory: Duration = .seconds(300)
    private static let mostRemembered = 10_000
    private static let mostWaiting = 64
    /// Salt and hash of a password nobody has.
    private static let nobody = "abcdefghijklmnopqrstuuOUDn9U46VOdkzK2PXnqxzt7hDDVHG3S"

    private let state: Mutex<State>
    private let anonymous: AccessLevel
    private let key = PasswordHash.randomBytes(32)
    private let thread = ThreadPool(name: "passwords", threads: 1)

    /// Takes the users of a file; a user `levels` does not name has `.readWrite`.
    public init(_ file: PasswordFile, levels: [String: AccessLevel], anonymous: AccessLevel) {
        state = Mutex(State(file, levels))
        self.anonymous = anonymous
    }

    /// Takes a changed file: who is gone, or has a new password, is forgotten at once.
    public func replace(_ file: PasswordFile, levels: [String: AccessLevel]) {
        state.withLock { state in
            let checks = state.checks
            state = State(file, levels)
            state.checks = checks
        }
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
    /// 60 ms at bcrypt's cost 10, on a thread of its own; requests with the same credentials share one check.
    /// - Throws: `.rateLimited` when too many others wait: that says nothing about the password.
    public func verify(_ authorization: String) async throws(ContentError) -> Identity? {
        guard let credentials = BasicCredentials(parsing: authorization) else { return nil }
        let print = fingerprint(authorization)
        guard let check = state.withLock({ check(credentials, print, &$0) }) else {
            throw .rateLimited("too many passwords wait to be checked; try again", retryAfter: .seconds(1))
        }
        let isRight = await check.result.value
        return state.withLock { state in
            if state.checks[print]?.hash == check.hash { state.checks[print] = nil }
            guard isRight, state.hashes[credentials.user] == check.hash else { return nil }
            let identity = Identity(
                user: credentials.user, level: state.levels[credentials.user] ?? .readWrite)
            if state.remembered.count >= PasswordAccess.mostRemembered { state.remembered = [:] }
            state.remembered[print] = (identity, .now + PasswordAccess.memory)
            return identity
        }
    }

    /// The check of these credentials that is under way, or a new one; nil when too many are.
    private func check(_ credentials: BasicCredentials, _ print: [UInt8], _ state: inout State) -> Check? {
        let hash = state.hashes[credentials.user] ?? state.decoy
        if let known = state.checks[print], known.hash == hash { return known }
        guard state.checks.count < PasswordAccess.mostWaiting else { return nil }
        let password = credentials.password
        let check = Check(
            hash: hash,
            result: Task(executorPreference: thread) { PasswordHash.verify(password, against: hash) })
        state.checks[print] = check
        return check
    }

    /// A keyed hash: the memory of a right password must not hold the password.
    private func fingerprint(_ authorization: String) -> [UInt8] {
        ContentHasher.hash((key + Array(authorization.utf8)).span, .sha256)
    }
}
