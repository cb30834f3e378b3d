import Content
import HTTPClient
import OCIModel
import Synchronization
import TestSupport

@testable import RemoteRegistry

/// A clock that moves only when somebody sleeps on it, and remembers each pause.
final class ManualTime: Sendable {
    private let state = Mutex((now: ContinuousClock.now, pauses: [Duration]()))
    /// What `random` gives.
    let chance: Double

    init(chance: Double = 1) {
        self.chance = chance
    }

    var pauses: [Duration] { state.withLock { $0.pauses } }

    func advance(by duration: Duration) {
        state.withLock { $0.now = $0.now.advanced(by: duration) }
    }

    var timing: RetryTiming {
        RetryTiming(
            wallSeconds: { 1_800_000_000 }, now: { self.state.withLock { $0.now } },
            sleep: { duration in
                self.state.withLock { state in
                    state.pauses.append(duration)
                    state.now = state.now.advanced(by: duration)
                }
            }, random: { self.chance })
    }
}

extension ScriptedServer {
    /// A client of this server as a registry.
    func registry(
        _ credentials: any CredentialProvider = FixedCredential.anonymous, time: ManualTime = ManualTime(),
        client: HTTPClient? = nil, _ change: (inout RegistryClient.Options) -> Void = { _ in }
    ) throws -> RegistryClient {
        var options = RegistryClient.Options()
        options.timing = time.timing
        change(&options)
        return RegistryClient(
            try RegistryEndpoint(parsing: url), credentials: credentials, client: try client ?? makeClient(), options)
    }
}

extension RepositoryName {
    static func named(_ text: String) -> RepositoryName { try! RepositoryName(parsing: text) }
}

extension ScriptedReply {
    /// A registry's error body.
    static func error(_ status: Int, _ code: String, _ message: String = "said", detail: String = "null") -> Self {
        ScriptedReply(status, text: #"{"errors":[{"code":"\#(code)","message":"\#(message)","detail":\#(detail)}]}"#)
    }
}

/// The error a piece of work ends with.
func failure(_ work: () async throws -> Void) async -> ContentError? {
    do {
        try await work()
        return nil
    } catch {
        return error as? ContentError
    }
}
