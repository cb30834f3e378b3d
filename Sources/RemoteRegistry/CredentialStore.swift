public import Content
internal import OCIModel
public import Posix
public import Telemetry

/// The credential files and helpers of the machine's user, read as Helm, Docker and the containers tools do.
///
/// Asked in order: Helm's registry file (`$HELM_REGISTRY_CONFIG`, `$HELM_CONFIG_HOME/registry/config.json`), Docker's
/// (`$DOCKER_CONFIG/config.json`), the containers tools' (`$REGISTRY_AUTH_FILE`,
/// `$XDG_RUNTIME_DIR/containers/auth.json`, `~/.config/containers/auth.json`). In each file a helper for the host comes
/// first, then the helper for everything, then what is in the file. The first credential found is taken. Files are read
/// each time; nothing is kept.
public struct CredentialStore: CredentialProvider {
    /// Reads a file whole; throws when it is missing or larger than allowed.
    public typealias FileReader = @Sendable (_ path: String, _ maximumBytes: Int) throws(SystemError) -> [UInt8]

    private let environment: [String: String]
    private let readFile: FileReader
    private let runner: ProcessRunner
    private let logger: Logger

    /// Reads from the file system.
    public static let fileSystem: FileReader = { path, maximumBytes throws(SystemError) in
        try File.contents(of: path, maximumBytes: maximumBytes)
    }

    private static let maximumFileBytes = 4 << 20

    /// Takes the environment whose variables point at the files.
    public init(
        environment: [String: String], readFile: @escaping FileReader = CredentialStore.fileSystem,
        runner: ProcessRunner = ProcessRunner(), logger: Logger = .off
    ) {
        self.environment = environment
        self.readFile = readFile
        self.runner = runner
        self.logger = logger
    }

    /// The credential for a registry, nil when there is none anywhere.
    ///
    /// A helper that cannot be asked is logged as a warning and passed over: it may have nothing to do with this host.
    /// - Throws: `.parameterInvalid` when a file is there and cannot be read or is malformed.
    public func credential(for authority: String, repository: String?) async throws(ContentError) -> Credential? {
        let keys = CredentialFile.keys(authority, repository: repository)
        for path in paths {
            guard let file = try file(at: path) else { continue }
            if let suffix = file.helper(for: keys) {
                let helper = CredentialHelper(suffix: suffix, runner: runner)
                switch await helper.credential(for: CredentialFile.serverURL(authority)) {
                case .found(let credential): return credential
                case .none: break
                case .failed(let reason):
                    logger.warning(
                        "a credential helper was passed over", [("file", .string(path)), ("reason", .string(reason))])
                }
            }
            if let credential = file.credential(for: keys) { return credential }
        }
        return nil
    }

    /// The files in the order they are asked; the same path once.
    var paths: [String] {
        let home = variable("HOME")
        let configuration = variable("XDG_CONFIG_HOME") ?? home.map { $0 + "/.config" }
        let helm =
            variable("HELM_REGISTRY_CONFIG")
            ?? (variable("HELM_CONFIG_HOME") ?? configuration.map { $0 + "/helm" }).map { $0 + "/registry/config.json" }
        let docker = (variable("DOCKER_CONFIG") ?? home.map { $0 + "/.docker" }).map { $0 + "/config.json" }
        var containers = [variable("REGISTRY_AUTH_FILE")]
        if containers == [nil] {
            containers = [
                variable("XDG_RUNTIME_DIR").map { $0 + "/containers/auth.json" },
                configuration.map { $0 + "/containers/auth.json" },
            ]
        }
        var seen: Set<String> = []
        return ([helm, docker] + containers).compactMap { $0 }.filter { seen.insert($0).inserted }
    }

    private func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func file(at path: String) throws(ContentError) -> CredentialFile? {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try readFile(path, CredentialStore.maximumFileBytes)
        } catch {
            if error.isNotFound { return nil }
            throw .parameterInvalid("the credential file \(path) cannot be read: \(SystemError.text(error.code))")
        }
        do throws(OCIParseError) {
            return try CredentialFile(parsing: bytes)
        } catch {
            throw .parameterInvalid("the credential file \(path) is malformed: \(error.description)")
        }
    }
}
