internal import Content
internal import OCIModel
internal import Posix

/// A program that keeps credentials: `docker-credential-<suffix>`.
///
/// Source: docker/docker-credential-helpers v0.9 README: `get` with the server on standard input, JSON on output.
struct CredentialHelper: Sendable {
    /// What came of asking.
    enum Answer: Sendable, Equatable {
        case found(Credential)
        case none
        /// It could not be asked; one sentence without its output, which may hold a secret.
        case failed(String)
    }

    let suffix: String
    let runner: ProcessRunner
    /// The program, where it is not the one its suffix names in `PATH`.
    var program: String?

    /// Asks for the credential of a server.
    func credential(for server: String) async -> Answer {
        let isName =
            !suffix.isEmpty
            && suffix.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
        guard isName else { return .failed("the name of a credential helper is malformed") }
        let name = "docker-credential-" + suffix
        let program = program ?? name
        let outcome: ProcessRunner.Outcome
        do throws(ProcessRunner.Failure) {
            outcome = try await runner.run(program, ["get"], input: Array(server.utf8))
        } catch {
            return .failed("\(name) \(CredentialHelper.reason(error))")
        }
        guard outcome.status == 0 else {
            let isUnknown = [outcome.output, outcome.errorOutput].contains {
                String(decoding: $0, as: UTF8.self).contains("credentials not found")
            }
            return isUnknown ? .none : .failed("\(name) ended with status \(outcome.status)")
        }
        guard let tree = try? JSONValue(parsing: outcome.output), let user = tree["Username"]?.string,
            let secret = tree["Secret"]?.string
        else { return .failed("\(name) did not answer with Username and Secret") }
        if user.isEmpty, secret.isEmpty { return .none }
        return .found(CredentialFile.credential(user: user, secret: secret))
    }

    private static func reason(_ failure: ProcessRunner.Failure) -> String {
        switch failure {
        case .cannotStart(let error): "cannot be started: \(SystemError.text(error.code))"
        case .tooSlow(let limit): "did not answer within \(limit)"
        case .tooMuchOutput(let limit): "answered with more than \(limit) bytes"
        case .cancelled: "was cancelled"
        }
    }
}
