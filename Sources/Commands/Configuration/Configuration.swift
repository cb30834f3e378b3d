import HTTPServer
import Telemetry

/// How the server is to run.
///
/// Every value is legal by itself; `ConfigurationCheck` tells whether they fit together.
struct Configuration: Sendable, Equatable {
    /// Where to listen.
    var listen = ListenAddress.tcp(host: "127.0.0.1", port: 5000)
    /// The data directory; empty when there is neither a setting nor a home.
    var data = ""
    /// Certificate chain and key, as paths of PEM files.
    var certificate: String?
    var key: String?
    /// What clients without a name may do; nil for the default, which depends on whether there are users.
    var anonymous: AnonymousLevel?
    /// The path of an htpasswd file.
    var users: String?
    /// Users who may write, and who may only read.
    ///
    /// With no list at all, everyone may write.
    var readWrite: [String] = []
    var read: [String] = []
    var allowsAnonymousWritesBeyondLoopback = false
    /// Named views of chart repositories, as `name=selector`.
    var views: [String] = []
    /// The path of an `artifacthub-repo.yml`.
    var artifactHub: String?
    var limits = ServerLimits()
    var manifestBytes = 4 << 20
    var blobBytes = 20 << 30
    var uploadSessionsPerClient = 256
    var uploadExpiry: Duration = .seconds(24 * 3600)
    var logFormat = LogFormat.text
    var logLevel = LogLevel.info
    var logsAccess = true
    var durability = Durability.full
    var shutdownDeadline: Duration = .seconds(30)
    var allowsSparseIndexes = false
    /// Where charts are cached from.
    var upstreams: [UpstreamConfiguration] = []
    /// The path of the mirror file whose mirrors the server runs.
    var mirrors: String?
    /// Whether no upstream is asked at all.
    var isOffline = false

    enum AnonymousLevel: String, CaseIterable, Sendable {
        case readWrite = "read-write"
        case read
        case none
    }

    enum Durability: String, CaseIterable, Sendable {
        /// A push is acknowledged when it would survive a power cut.
        case full
        /// A push is acknowledged before; a power cut may take the last seconds.
        case relaxed
    }

    /// What clients without a name may do in fact: everything without users, nothing with them, unless told otherwise.
    var effectiveAnonymous: AnonymousLevel { anonymous ?? (users == nil ? .readWrite : .none) }
}

/// Where a value comes from.
enum Origin: Sendable, Equatable, CustomStringConvertible {
    case preset
    case file(path: String, line: Int, column: Int)
    case environment(name: String)
    case flag(name: String)

    var description: String {
        switch self {
        case .preset: "default"
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .environment(let name): name
        case .flag(let name): "--" + name
        }
    }
}

/// Something wrong with the configuration: where, what, what to do.
struct ConfigurationMistake: Sendable, Equatable {
    var origin: Origin
    /// One sentence without a full stop.
    var message: String
    var hint: String?

    /// `file:line:column: message`, and the hint below.
    var text: String {
        Printable.text("\(origin): \(message)") + (hint.map { "\n  hint: " + Printable.text($0) } ?? "")
    }
}

extension ConfigurationMistake {
    /// Line and column in the file.
    var position: (line: Int, column: Int) {
        guard case .file(_, let line, let column) = origin else { return (0, 0) }
        return (line, column)
    }
}

extension Array<ConfigurationMistake> {
    /// In the order of the file; those of one place in the order they were found.
    var inOrder: [ConfigurationMistake] {
        enumerated().sorted { left, right in
            let (first, second) = (left.element.position, right.element.position)
            return (first.line, first.column, left.offset) < (second.line, second.column, right.offset)
        }.map(\.element)
    }
}
